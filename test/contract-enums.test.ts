import { describe, expect, it } from 'vitest';
import { loadContract } from '../src/contract/document.js';
import { disconnectionReasons } from '../src/domain/calls/call.js';

/**
 * The enums of requests that are closed on purpose, and why. All others have `x-open: true`: the
 * vendor's vocabulary grows, and the setting `unknownValues` decides what becomes of a new value.
 */
const closed: Record<string, string> = {
  'EngineType/schema': 'a discriminator: it says whose definitions and batches are listed',
  'ResponseEngineRetellLm/type': 'a discriminator: it says how the engine is found and read',
  'ResponseEngineConversationFlow/type': 'a discriminator: it says how the engine is read',
  'ResponseEngineCustomLm/type': 'a discriminator: it says that there is no engine to read',
  'ToolMockMatchAny/type': 'a discriminator: it says which calls a mock answers',
  'ToolMockPartialMatch/type': 'a discriminator: it says which calls a mock answers',
  'RetellLlmInput/start_speaker': 'it decides who begins the conversation',
  'ConversationFlowInput/start_speaker': 'it decides who begins the conversation',
  'PlaygroundMessage/role': 'it decides what the emulator says next',
  'SortOrder/schema': 'it decides the order of a list',
  'AgentFilter/filter_criteria/channel/op': 'it decides which agents are listed',
  'AgentFilter/filter_criteria/channel/type': 'a discriminator of the value to compare with',
  'AgentFilter/filter_criteria/channel/value': 'it decides which agents are listed',
  'ToolParameters/type': 'arguments are an object, by the rules of JSON Schema and of the vendor',
  'FixedCondition/then/type': 'the vendor refuses the other type that it knows; new ones are taken',
  'LlmOverride/start_speaker': 'it decides who begins the conversation',
  'FlowOverride/start_speaker': 'it decides who begins the conversation',
  'NewPhoneNumber/country_code': 'it decides which number is made up',
  'NewPhoneNumber/number_provider': 'it decides the type of the number',
  CallDirection: 'it decides who calls whom',
  'CallTimeWindow/day': 'it decides when calls are dialled',
  'ContactField/type': 'it decides which values a contact may have',
  'ContactListRequest/sort_order': 'it decides the order of a list',
  'AnalysisMapping/update_mode': 'it decides what becomes of a value of a contact',
  DataStorageSetting: 'it decides what of a call can be read; it has an order',
  'ChatChange/data_storage_setting': 'it decides what of a chat can be read; it has an order',
  ChatStatus: 'it decides which chats are listed',
  'ChatListRequest/sort_order': 'it decides the order of a list',
  CallStatus: 'it decides which calls are listed; clients invent values that no call has',
  'CallFilter/call_status/value': 'it decides which calls are listed',
  'CallFilter/call_type/value': 'it decides which calls are listed',
  'LegacyCallFilter/call_type': 'it decides which calls are listed',
  'CallListRequest/sort_order': 'it decides the order of a list',
  'LegacyCallListRequest/sort_order': 'it decides the order of a list',
  ...filterEnums(),
  'PromptedNode/instruction/then/type': 'the vendor refuses the other types that it knows',
};

/** The enums that say how a filter of calls or chats compares. */
function filterEnums(): Record<string, string> {
  const kinds = ['String', 'Number', 'Range', 'Boolean', 'Enum'];
  const keyed = [...kinds, 'Present'].map((kind) => `Keyed${kind}Filter`);
  const lists = ['call_status', 'call_type', 'data_storage_setting', 'direction'];
  const own = [...lists, 'disconnection_reason', 'user_sentiment'].map(
    (name) => `CallFilter/${name}`,
  );
  const ofChats = ['chat_status', 'disconnection_reason', 'user_sentiment'].map(
    (name) => `ChatFilter/${name}`,
  );
  return Object.fromEntries(
    [...kinds.map((kind) => `${kind}Filter`), ...keyed, ...own, ...ofChats].flatMap((filter) => [
      [`${filter}/type`, 'a discriminator of the value to compare with'],
      [`${filter}/op`, 'it decides what is listed'],
    ]),
  );
}

type Schema = Readonly<Record<string, unknown>>;

/** Names that a place is told by without. */
const unnamed = new Set(['properties', 'items', 'allOf', 'anyOf', 'oneOf']);

/** Every enum that a request can meet, by its place below the schema that has a name. */
function enumsOfRequests(): Map<string, { isOpen: boolean }> {
  const { document } = loadContract('retell');
  const components = document.components as Record<string, Record<string, Schema>>;
  const found = new Map<string, { isOpen: boolean }>();
  const visited = new Set<string>();

  function visit(value: unknown, place: string): void {
    if (typeof value !== 'object' || value === null) return;
    const schema = value as Schema;
    const { $ref } = schema;
    if (typeof $ref === 'string') {
      if (visited.has($ref)) return;
      visited.add($ref);
      const [, , kind = '', name = ''] = $ref.split('/');
      visit(components[kind]?.[name], name);
    }
    if (Array.isArray(schema['enum'])) found.set(place, { isOpen: schema['x-open'] === true });
    for (const [name, part] of Object.entries(schema)) {
      // What is under `if` refuses nothing.
      if (name === 'if' || name === 'enum') continue;
      visit(part, unnamed.has(name) || /^\d+$/.test(name) ? place : `${place}/${name}`);
    }
  }

  for (const methods of Object.values(document.paths)) {
    for (const operation of Object.values(methods)) {
      visit(operation.requestBody, operation.operationId);
      for (const parameter of operation.parameters ?? []) visit(parameter, operation.operationId);
    }
  }
  return found;
}

describe('an enum of a request', () => {
  const enums = enumsOfRequests();

  it('is open, or closed with a reason', () => {
    const isClosed = [...enums].filter(([, { isOpen }]) => !isOpen).map(([place]) => place);
    expect(isClosed.sort()).toEqual(Object.keys(closed).sort());
    expect(enums.size - isClosed.length).toBeGreaterThan(40);
  });

  it('is found in every part of a request', () => {
    expect([...enums.keys()]).toEqual(
      expect.arrayContaining([
        ...['LLMModel', 'EngineTool/type', 'FlowNode/type', 'Language', 'AgentInput/voice_model'],
        ...['FlowEdge/transition_condition/equations/operator', 'SmsTemplate', 'EngineType/schema'],
      ]),
    );
  });
});

describe('the disconnection reasons', () => {
  it.each([
    ['retell', 'DisconnectionReason'],
    ['control', 'CallEndReason'],
  ] as const)('are the same in the contract "%s"', (name, schema) => {
    const { schemas = {} } = loadContract(name).document.components as {
      schemas?: Record<string, { enum?: string[] }>;
    };
    expect(schemas[schema]?.enum?.toSorted()).toEqual(disconnectionReasons.toSorted());
  });
});

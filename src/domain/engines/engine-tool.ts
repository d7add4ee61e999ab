import { listOf, objectOf, textOf, type JsonObject } from '../json.js';

/** The parts of a tool that a conversation uses. */
export interface EngineTool {
  readonly name: string;
  readonly type: string;
  readonly description: string;
  /** JSON schema of its arguments, an object's; undefined if there is none. */
  readonly parameters: JsonObject | undefined;
  /** Variables that it extracts from the conversation; empty for most tools. */
  readonly variables: readonly ExtractedVariable[];
  /** Dynamic variables that the result of a call sets. */
  readonly responseVariables: readonly ResponseVariable[];
  /** The URL of a custom tool; undefined for built-in tools. */
  readonly url: string | undefined;
  /** What the agent says before the call: nothing, a text by the model, or a fixed text. */
  readonly announcement: 'none' | 'model' | { readonly text: string };
  /** Whether the agent speaks about the result. */
  readonly speaksAfter: boolean;
  /** All that the client sent of it. */
  readonly settings: JsonObject;
}

/** Documented (SDK types): a dynamic variable, and the JSON path of its value in the result. */
export interface ResponseVariable {
  readonly name: string;
  readonly path: string;
}

/** The most response variables of one tool. */
const maxResponseVariables = 100;

export interface ExtractedVariable {
  readonly name: string;
  readonly type: 'string' | 'number' | 'boolean' | 'enum';
  readonly description: string;
  /** The allowed values; undefined if any value is allowed. */
  readonly choices: readonly string[] | undefined;
  readonly examples: readonly string[];
}

/** Documented (SDK types): names of the tools of nodes that call one without naming it. */
export const builtInTools: readonly string[] = [
  'end_call',
  'transfer_call',
  'bridge_transfer',
  'cancel_transfer',
  'agent_swap',
  'press_digit',
  'send_sms',
  'check_availability_cal',
  'book_appointment_cal',
  'extract_dynamic_variable',
];

/** Tools whose success ends the agent's part of the conversation. */
const leaving: readonly string[] = ['end_call', 'transfer_call', 'bridge_transfer', 'agent_swap'];

export const endsConversation = ({ type }: EngineTool): boolean => leaving.includes(type);

/** A tool of which only the name is known, such as the tool of a mock. */
export const toolNamed = (name: string): EngineTool =>
  newTool(name, builtInTools.includes(name) ? name : 'custom', {});

/** The tools of a list that have a name. */
export const toolsOf = (value: unknown): EngineTool[] =>
  listOf(value).flatMap((tool) => {
    const name = textOf(tool['name']);
    return name === undefined ? [] : [newTool(name, textOf(tool['type']) ?? 'custom', tool)];
  });

/** @param settings what the client sent of the tool, or of the node that calls it. */
export function newTool(name: string, type: string, settings: JsonObject): EngineTool {
  return {
    name,
    type,
    description: textOf(settings['description']) ?? '',
    parameters: parametersOf(type, settings),
    variables: listOf(settings['variables']).flatMap(variableOf),
    responseVariables: Object.entries(objectOf(settings['response_variables']) ?? {})
      .slice(0, maxResponseVariables)
      .flatMap(([name, path]) => (typeof path === 'string' ? [{ name, path }] : [])),
    url: textOf(settings['url']),
    announcement: announcementOf(settings),
    speaksAfter: settings['speak_after_execution'] !== false,
    settings,
  };
}

export function announcementOf(settings: JsonObject): EngineTool['announcement'] {
  if (settings['speak_during_execution'] !== true) return 'none';
  const { type, text } = objectOf(settings['instruction']) ?? {
    type: settings['execution_message_type'],
    text: settings['execution_message_description'],
  };
  const fixed = type === 'static_text' ? textOf(text) : undefined;
  return fixed === undefined ? 'model' : { text: fixed };
}

const text = { type: 'string' } as const;

/** Documented (SDK types): what the tools are for. Their arguments are not documented: these are assumed. */
function parametersOf(type: string, settings: JsonObject): JsonObject | undefined {
  switch (type) {
    case 'custom':
      return objectOf(settings['parameters']);
    case 'mcp':
      return inputsOf(objectOf(settings['input_schema']));
    case 'press_digit':
      return objectSchema({ digit: { type: 'string', enum: Array.from('1234567890*#') } });
    case 'send_sms':
      return objectOf(settings['sms_content'])?.['type'] === 'inferred'
        ? objectSchema({ message: text })
        : undefined;
    case 'check_availability_cal':
      return objectSchema({ start_date: { ...text, format: 'date' } });
    case 'book_appointment_cal':
      return objectSchema({
        name: text,
        email: { ...text, format: 'email' },
        time: { ...text, format: 'date-time' },
      });
    default:
      return undefined;
  }
}

/** Documented (SDK types): of an MCP tool, the description or the type of each input, by its name. */
const inputsOf = (inputs: JsonObject | undefined): JsonObject | undefined =>
  inputs && objectSchema(Object.fromEntries(Object.keys(inputs).map((name) => [name, text])));

const objectSchema = (properties: JsonObject): JsonObject => ({
  ...{ type: 'object', properties, required: Object.keys(properties) },
});

function variableOf(settings: JsonObject): ExtractedVariable[] {
  const name = textOf(settings['name']);
  if (name === undefined) return [];
  const { type } = settings;
  const textsOf = (value: unknown): string[] =>
    Array.isArray(value) ? value.flatMap((item) => textOf(item) ?? []) : [];
  const choices = textsOf(settings['choices']);
  return [
    {
      name,
      type: type === 'number' || type === 'boolean' || type === 'enum' ? type : 'string',
      description: textOf(settings['description']) ?? '',
      choices: choices.length > 0 ? choices : undefined,
      examples: textsOf(settings['examples']),
    },
  ];
}

import { objectOf, textOf, type JsonObject } from '../json.js';

/** Something that the server of a custom LLM says. */
export type ServerFrame =
  | { readonly kind: 'config'; readonly config: LinkConfig }
  | SpokenFrame
  | {
      readonly kind: 'tool_call_invocation';
      readonly id: string;
      readonly name: string;
      /** JSON, as the server wrote it. */
      readonly arguments: string;
    }
  | {
      readonly kind: 'tool_call_result';
      readonly id: string;
      readonly content: string;
      readonly successful: boolean;
    }
  | { readonly kind: 'update_agent'; readonly pace: Partial<AgentPace> }
  | { readonly kind: 'metadata'; readonly metadata: unknown }
  | { readonly kind: 'ping_pong'; readonly timestamp: number };

/** A part of what the agent says: in answer to a request, or without one. */
export interface SpokenFrame extends AgentAction {
  readonly kind: 'response' | 'agent_interrupt';
  /** That of the response, or of the interrupt. */
  readonly id: number;
  readonly content: string;
  readonly isComplete: boolean;
  readonly mayBeInterrupted: boolean;
}

/** What the agent does once it has said something. */
export interface AgentAction {
  readonly endsCall: boolean;
  readonly transferNumber: string | undefined;
  readonly digits: string | undefined;
}

/** What the server wants of the connection. */
export interface LinkConfig {
  readonly autoReconnect: boolean;
  readonly callDetails: boolean;
  readonly withToolCalls: boolean;
}

/** Settings of an agent that its server may change during a call. Times in milliseconds. */
export interface AgentPace {
  /** From 0 to 1: how soon the agent answers. */
  readonly responsiveness: number;
  /** From 0 to 1; nobody interrupts an agent of 0. */
  readonly interruptionSensitivity: number;
  readonly reminderTrigger: number;
  readonly reminderMaxCount: number;
}

/**
 * What a text frame means. `corrupt` frames end the call, `ignored` ones change nothing.
 * Documented: frames with values of a wrong type are dropped without an answer.
 */
export type ReadFrame =
  | ServerFrame
  | { readonly kind: 'corrupt'; readonly problem: string }
  | { readonly kind: 'ignored'; readonly problem: string };

export function readServerFrame(text: string): ReadFrame {
  const json = objectOf(parse(text));
  if (json === undefined) return { kind: 'corrupt', problem: 'it is not a JSON object' };
  const type = json['response_type'];
  switch (type) {
    case 'config':
      return readConfig(json);
    case 'response':
      return readSpoken(json, type, 'response_id');
    case 'agent_interrupt':
      return readSpoken(json, type, 'interrupt_id');
    case 'tool_call_invocation':
    case 'tool_call_result':
      return readTool(json, type);
    case 'update_agent':
      return readUpdate(json);
    case 'metadata':
      return { kind: 'metadata', metadata: json['metadata'] };
    case 'ping_pong': {
      const { timestamp } = json;
      if (typeof timestamp !== 'number') return wrongType('timestamp', 'a number');
      return { kind: 'ping_pong', timestamp };
    }
    default:
      return {
        kind: 'ignored',
        problem: `response_type must be one of the protocol, and not ${typeof type === 'string' ? JSON.stringify(type) : 'missing'}`,
      };
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const wrongType = (name: string, type: string): ReadFrame => ({
  kind: 'ignored',
  problem: `${name} must be ${type}`,
});

function readConfig(json: JsonObject): ReadFrame {
  const config = objectOf(json['config']);
  if (config === undefined) return wrongType('config', 'an object');
  return {
    kind: 'config',
    config: {
      autoReconnect: config['auto_reconnect'] === true,
      callDetails: config['call_details'] === true,
      withToolCalls: config['transcript_with_tool_calls'] === true,
    },
  };
}

/** Keys of a phone, one or more. */
const digitsPattern = /^[0-9*#]{1,100}$/;

function readSpoken(
  json: JsonObject,
  kind: SpokenFrame['kind'],
  idName: 'response_id' | 'interrupt_id',
): ReadFrame {
  const { [idName]: id, content, content_complete: isComplete } = json;
  if (!Number.isSafeInteger(id)) return wrongType(idName, 'an integer');
  if (typeof content !== 'string') return wrongType('content', 'a string');
  if (typeof isComplete !== 'boolean') return wrongType('content_complete', 'a boolean');
  const digits = textOf(json['digit_to_press']);
  return {
    ...{ kind, id: id as number, content, isComplete },
    mayBeInterrupted: json['no_interruption_allowed'] !== true,
    endsCall: json['end_call'] === true,
    transferNumber: textOf(json['transfer_number']),
    digits: digits !== undefined && digitsPattern.test(digits) ? digits : undefined,
  };
}

function readTool(json: JsonObject, kind: 'tool_call_invocation' | 'tool_call_result'): ReadFrame {
  const { tool_call_id: id, name, arguments: given, content, successful } = json;
  if (typeof id !== 'string') return wrongType('tool_call_id', 'a string');
  if (kind === 'tool_call_invocation') {
    if (typeof name !== 'string') return wrongType('name', 'a string');
    if (typeof given !== 'string') return wrongType('arguments', 'a string of JSON');
    return { kind, id, name, arguments: given };
  }
  if (typeof content !== 'string') return wrongType('content', 'a string');
  return { kind, id, content, successful: successful !== false };
}

function readUpdate(json: JsonObject): ReadFrame {
  const config = objectOf(json['agent_config']);
  if (config === undefined) return wrongType('agent_config', 'an object');
  const numberOf = (name: string, isValid: (value: number) => boolean): number | undefined => {
    const value = config[name];
    return typeof value === 'number' && isValid(value) ? value : undefined;
  };
  const isShare = (value: number): boolean => value >= 0 && value <= 1;
  const read = {
    responsiveness: numberOf('responsiveness', isShare),
    interruptionSensitivity: numberOf('interruption_sensitivity', isShare),
    reminderTrigger: numberOf('reminder_trigger_ms', (value) => value > 0 && value < Infinity),
    reminderMaxCount: numberOf(
      'reminder_max_count',
      (value) => Number.isSafeInteger(value) && value >= 0,
    ),
  };
  const given = Object.entries(read).filter(([, value]) => value !== undefined);
  return { kind: 'update_agent', pace: Object.fromEntries(given) };
}

import { controlFormats } from '../workspace/settings.js';
import type { OptionSpec } from './option-spec.js';

/** The options about phone numbers and calls. */
export const callOptionSpecs: readonly OptionSpec[] = [
  {
    name: 'unknownNumbers',
    placeholder: 'POLICY',
    description: 'accept or reject calls from phone numbers that were not created here',
    default: 'accept',
    allowed: 'accept or reject',
  },
  {
    name: 'deprecated',
    placeholder: 'POLICY',
    description: 'warn of, serve or reject what the vendor has withdrawn',
    default: 'warn',
    allowed: 'warn, serve or reject',
  },
  {
    name: 'callDuration',
    placeholder: 'RANGE',
    description: 'how long a call is talked',
    default: '10s..30s',
    allowed: controlFormats['duration-distribution'].allowed,
  },
  {
    name: 'ringDuration',
    placeholder: 'RANGE',
    description: 'how long a call rings before somebody answers',
    default: '1s..3s',
    allowed: controlFormats['duration-distribution'].allowed,
  },
  {
    name: 'webCallJoin',
    placeholder: 'DURATION',
    description:
      'how long after its creation a web call is joined; manual if nobody joins it by itself',
    default: '200ms',
    allowed: controlFormats['web-call-join'].allowed,
  },
  {
    name: 'analysisDelay',
    placeholder: 'RANGE',
    description: 'how long after its end a call is analysed',
    default: '2s',
    allowed: controlFormats['duration-distribution'].allowed,
  },
  {
    name: 'callOutcomes',
    placeholder: 'WEIGHTS',
    description: 'why calls end, as relative weights of disconnection reasons',
    default:
      'user_hangup=0.55,agent_hangup=0.3,voicemail_reached=0.05,dial_no_answer=0.05,dial_busy=0.03,user_declined=0.02',
    allowed: controlFormats['call-outcome-weights'].allowed,
  },
  {
    name: 'concurrencyLimit',
    placeholder: 'CALLS',
    description: 'most calls at once, for each API key',
    default: 20,
    allowed: 'a whole number from 1 to 1000000',
  },
  {
    name: 'callsPerSecond',
    placeholder: 'CALLS',
    description: 'how many calls batches dial in a second',
    default: 1,
    allowed: 'a whole number from 1 to 1000',
  },
  {
    name: 'concurrencyExceeded',
    placeholder: 'POLICY',
    description: 'reject one call more (429), or take it and end it',
    default: 'reject',
    allowed: 'reject or end',
  },
  {
    name: 'customLlm',
    placeholder: 'POLICY',
    description: 'who holds calls of custom LLMs: their server if allowed (auto), always, or never',
    default: 'auto',
    allowed: 'auto, connect or simulate',
  },
  {
    name: 'customLlmTimeout',
    placeholder: 'DURATION',
    description: 'how long the user of a call waits for the server of a custom LLM',
    default: '10s',
    allowed: controlFormats['time-span'].allowed,
  },
];

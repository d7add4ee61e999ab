import { controlFormats } from '../workspace/settings.js';
import type { OptionSpec } from './option-spec.js';

/** The options about objects that have states. */
export const objectOptionSpecs: readonly OptionSpec[] = [
  {
    name: 'knowledgeBaseDuration',
    placeholder: 'RANGE',
    description: 'how long a knowledge base reads its sources',
    default: '2s',
    allowed: controlFormats['duration-distribution'].allowed,
  },
  {
    name: 'knowledgeBaseOutcomes',
    placeholder: 'WEIGHTS',
    description: 'what becomes of a knowledge base, as relative weights',
    default: 'complete=1',
    allowed: controlFormats['knowledge-base-outcomes'].allowed,
  },
  {
    name: 'jobDuration',
    placeholder: 'RANGE',
    description: 'how long imports, syncs and exports take',
    default: '2s',
    allowed: controlFormats['duration-distribution'].allowed,
  },
];

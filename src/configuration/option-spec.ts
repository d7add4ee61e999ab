import type { SchemaObject } from 'ajv/dist/2020.js';

/** One option: a flag, an environment variable and a key of the config file. */
export interface OptionSpec {
  /** The key in the config file. The flag and the environment variable are derived from it. */
  readonly name: string;
  /** The name of its value in the help. */
  readonly placeholder?: string;
  readonly description: string;
  readonly default?: string | number | boolean;
  /** What is allowed, for messages that begin with "must be". */
  readonly allowed: string;
  /** True if the value must not be shown. */
  readonly secret?: boolean;
  /** If absent, the schema of the setting with this name in `openapi/control.yaml`. */
  readonly schema?: SchemaObject;
}

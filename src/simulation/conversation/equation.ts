import type { EngineEdge, Equation } from '../../domain/engines/engine-node.js';
import { maxTextLength } from './words.js';

type Variables = ReadonlyMap<string, unknown>;

/** Whether the equations of an edge hold. Documented (SDK types): operators, and how they join. */
export const equationsHold = ({ equations, anyEquation }: EngineEdge, variables: Variables) =>
  anyEquation
    ? equations.some((equation) => holds(equation, variables))
    : equations.every((equation) => holds(equation, variables));

function holds({ left, operator, right }: Equation, variables: Variables): boolean {
  const value = valueOf(left, variables);
  if (operator === 'exists') return value !== undefined;
  if (operator === 'not_exist') return value === undefined;
  const other = (valueOf(right, variables) ?? '').slice(0, maxTextLength);
  const text = (value ?? '').slice(0, maxTextLength);
  switch (operator) {
    case '!=':
      return text !== other;
    case 'contains':
      return text.includes(other);
    case 'not_contains':
      return !text.includes(other);
    case '>':
      return compare(text, other) > 0;
    case '>=':
      return compare(text, other) >= 0;
    case '<':
      return compare(text, other) < 0;
    case '<=':
      return compare(text, other) <= 0;
    default:
      return text === other;
  }
}

/** A variable's value, or the text itself without its quotes; undefined for an unset variable. */
function valueOf(text: string, variables: Variables): string | undefined {
  const name =
    /^\s*\{\{\s*([\w.-]+)\s*\}\}\s*$/.exec(text)?.[1] ?? (variables.has(text) ? text : undefined);
  if (name === undefined) return text.trim().replace(/^(["'])(.*)\1$/s, '$2');
  const value = variables.get(name);
  return value === undefined || value === null ? undefined : toText(value);
}

export const toText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

/** As numbers, if both are numbers. */
function compare(a: string, b: string): number {
  const [first, second] = [Number(a), Number(b)];
  if (Number.isNaN(first) || Number.isNaN(second)) return a < b ? -1 : a > b ? 1 : 0;
  return first - second;
}

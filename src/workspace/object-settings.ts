/** Relative weights of what becomes of a knowledge base; at least one is above zero. */
export interface KnowledgeBaseOutcomes {
  readonly complete: number;
  readonly error: number;
}

/**
 * Reads `complete=0.9,error=0.1`. What is not named has weight 0.
 * @returns undefined if the text has another form, names one twice, or has no weight above zero.
 */
export function parseKnowledgeBaseOutcomes(text: string): KnowledgeBaseOutcomes | undefined {
  const weights = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, name = '', weight] =
      /^\s*(complete|error)\s*=\s*(\d+(?:\.\d+)?|\.\d+)\s*$/.exec(part) ?? [];
    if (name === '' || weights.has(name)) return undefined;
    weights.set(name, Number(weight));
  }
  const { complete = 0, error = 0 } = Object.fromEntries(weights);
  const sum = complete + error;
  return sum > 0 && Number.isFinite(sum) ? { complete, error } : undefined;
}

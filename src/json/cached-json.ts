/** The JSON of answers that are sent again and again. */
const texts = new WeakMap<object, string>();

/**
 * Stores an answer's JSON, so that it is made once. The object must not be mutated afterwards.
 * @param text its JSON, where that is known already.
 */
export function cacheJson<Answer extends object>(
  answer: Answer,
  text: string = JSON.stringify(answer),
): Answer {
  texts.set(answer, text);
  return answer;
}

/** The JSON of an answer: the stored one, or else a new one. */
export const jsonOf = (answer: object): string => texts.get(answer) ?? JSON.stringify(answer);

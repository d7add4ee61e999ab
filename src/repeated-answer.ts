/** The JSON of answers that were written already. */
const texts = new WeakMap<object, string>();

/**
 * Has an answer's JSON made once. It must not be changed any more.
 * @param text its JSON, where that is known already.
 */
export function repeated<Answer extends object>(
  answer: Answer,
  text: string = JSON.stringify(answer),
): Answer {
  texts.set(answer, text);
  return answer;
}

/** The JSON of an answer, whether it is one of those or not. */
export const answerText = (answer: object): string => texts.get(answer) ?? JSON.stringify(answer);

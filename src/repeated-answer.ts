/** The JSON of answers that are given again and again as they are. */
const texts = new WeakMap<object, string>();

/** Has an answer's JSON made once. It must not be changed any more. */
export function repeated<Answer extends object>(answer: Answer): Answer {
  texts.set(answer, JSON.stringify(answer));
  return answer;
}

/** The JSON of an answer, whether it is one of those or not. */
export const answerText = (answer: object): string => texts.get(answer) ?? JSON.stringify(answer);

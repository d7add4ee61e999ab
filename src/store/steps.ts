/**
 * Work in steps of some milliseconds at most. Each step is to be made within a transaction, and nothing else
 * may change what it works on until the last one. It yields what each step cost: 1 is about 20 µs.
 */
export type Steps<Result> = Generator<number, Result, undefined>;

/** Makes all steps at once. */
export function makeAll<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

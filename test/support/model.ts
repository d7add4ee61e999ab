/**
 * The simulation as simply as it can be said: time goes by in steps of half a second, in which
 * runs end, and then runs start. Everything in a test of it happens at such steps.
 */
export const stepMs = 500;

export type Outcome = 'pass' | 'fail' | 'error';

export interface ModelRule {
  readonly times?: number;
  readonly sequence: readonly { readonly status: Outcome; readonly steps: number }[];
  hits: number;
}

export interface ModelRun {
  status: 'pending' | 'in_progress' | Outcome;
  outcome: Outcome;
  endsAt: number;
}

export interface ModelBatch {
  readonly id: string;
  readonly progression: 'time' | 'immediate' | 'manual' | number;
  readonly runs: ModelRun[];
  polls: number;
  readonly createdAt: number;
  modifiedAt: number;
}

/** What is said in a run takes a millisecond an entry: room for so many of them. */
const shortestSpan = 100;

/** How long a run takes that no rule decides, in steps; it passes. */
const usualSteps = 2;

export class Model {
  now: number;
  concurrency: number;
  batches: ModelBatch[] = [];
  rules: ModelRule[] = [];

  constructor(now: number, concurrency: number) {
    this.now = now;
    this.concurrency = concurrency;
  }

  copy(): Model {
    const { now, concurrency, batches, rules } = this;
    return Object.assign(new Model(now, concurrency), structuredClone({ batches, rules }));
  }

  create(id: string, count: number, progression: ModelBatch['progression']): void {
    const runs = Array.from({ length: count }, (): ModelRun => ({
      status: 'pending',
      outcome: 'pass',
      endsAt: 0,
    }));
    this.batches.push({
      id,
      progression,
      runs,
      polls: 0,
      createdAt: this.now,
      modifiedAt: this.now,
    });
    if (progression === 'immediate') this.endNext(id, count);
    this.settle();
  }

  poll(id: string): void {
    const batch = this.find(id);
    if (typeof batch.progression !== 'number' || batch.polls === batch.progression) return;
    batch.polls += 1;
    const due = Math.floor((batch.runs.length * batch.polls) / batch.progression);
    const ended = batch.runs.filter(({ status }) => status !== 'pending').length;
    this.endNext(id, due - ended);
  }

  endNext(id: string, count: number): void {
    const batch = this.find(id);
    const next = batch.runs.filter(({ status }) => status === 'pending').slice(0, count);
    for (const run of next) {
      run.status = this.decide().status;
      const place = batch.runs.indexOf(run);
      const toldEnd = Math.max(this.now, batch.createdAt + place + shortestSpan);
      batch.modifiedAt = Math.max(batch.modifiedAt, toldEnd);
    }
  }

  advance(steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      this.now += stepMs;
      this.settle();
    }
  }

  /** Steps until nothing is left to happen; the time is then that of the last event. */
  advanceUntilIdle(): void {
    while (this.moving().some(({ runs }) => runs.some(isUnderWay))) this.advance(1);
  }

  settle(): void {
    for (const batch of this.batches) {
      for (const run of batch.runs) {
        if (run.status !== 'in_progress' || run.endsAt > this.now) continue;
        run.status = run.outcome;
        batch.modifiedAt = this.now;
      }
    }
    for (const { runs } of this.moving()) {
      for (const run of runs) {
        if (run.status !== 'pending' || this.running() >= this.concurrency) continue;
        const { status, steps } = this.decide();
        Object.assign(run, { status: 'in_progress', outcome: status });
        run.endsAt = this.now + steps * stepMs;
      }
    }
  }

  running(): number {
    return this.batches.flatMap(({ runs }) => runs.filter((run) => run.status === 'in_progress'))
      .length;
  }

  find(id: string): ModelBatch {
    const batch = this.batches.find((candidate) => candidate.id === id);
    if (batch === undefined) throw new Error(`the model has no batch ${id}`);
    return batch;
  }

  private moving(): ModelBatch[] {
    return this.batches.filter(({ progression }) => progression === 'time');
  }

  private decide() {
    for (const rule of this.rules) {
      if (rule.times !== undefined && rule.hits >= rule.times) continue;
      const decided = rule.sequence[Math.min(rule.hits, rule.sequence.length - 1)];
      rule.hits += 1;
      if (decided !== undefined) return decided;
    }
    return { status: 'pass' as const, steps: usualSteps };
  }
}

const isUnderWay = ({ status }: ModelRun): boolean =>
  status === 'pending' || status === 'in_progress';

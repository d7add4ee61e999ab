import type { Tally } from '../../domain/testing/batch-test.js';
import type { AdvanceOnce, AdvanceResult } from '../clockwork/advance-once.js';
import { keyedChance } from '../../random.js';
import type { BatchProgress } from '../../store/batch-tests.js';
import type { Store, StoreWriter } from '../../store/store.js';
import type { RunningRun, StartedRun } from '../../store/running.js';
import type { QueuedRun } from '../../store/test-runs.js';
import { planOutcome, drawDuration, drawForRun, type ForcedOutcomes } from './outcome.js';
import { createForcedOutcomeFinder } from './forced-outcomes.js';
import { passDueCalls, type CallListener } from '../calls/call-steps.js';
import type { DialTask } from '../calls/batch-calls.js';
import { passDueChats, type ChatListener } from '../chats/chat-steps.js';
import { admitWaiting } from '../calls/waiting.js';
import { passDueObjects } from '../objects/pass-objects.js';
import { scheduleRuns } from './schedule.js';
import type { Workspace } from '../workspaces/workspace.js';

/**
 * Calls that one step moves on. Each takes up to 1 ms, if its conversation is held for a webhook, so that a step
 * blocks the event loop for 20 ms at most.
 */
const callsAtOnce = 20;

/** Told of what happens. */
interface Listeners {
  readonly callWebhooks: CallListener;
  readonly chatWebhooks: ChatListener;
}

interface AdvanceParts {
  readonly store: Store;
  readonly get: (workspaceId: number) => Workspace;
  /** Runs loaded at once, which bounds how long one step blocks the event loop. */
  readonly size: number;
  readonly listeners: Listeners;
  readonly dial: DialTask;
}

export function createAdvanceOnce(parts: AdvanceParts): AdvanceOnce {
  const { store, get, size, dial } = parts;
  const { callWebhooks, chatWebhooks } = parts.listeners;
  const advance = (writer: StoreWriter, workspaceId: number, until: number): AdvanceResult => {
    const workspace = get(workspaceId);
    const queue = listQueued(writer, workspace, size);
    // Whoever is told of a call must not find that runs have gone ahead of it.
    const firstCall = writer.calls.nextDue(workspaceId) ?? Infinity;
    const firstChat = writer.chats.nextDue(workspaceId) ?? Infinity;
    const runsUntil = Math.min(until, firstCall, firstChat);
    const happened =
      queue.length === 0
        ? endRunsOnly(writer, workspace, runsUntil, size)
        : startAndEndRuns(writer, workspace, queue, runsUntil, size);
    const { started, nextStart, ended } = happened;
    const nextOfRuns = Math.min(nextStart, writer.running.nextEnd(workspaceId) ?? Infinity);
    const delayed = delayCompletions(writer, workspace, happened.completed);
    // A batch must not complete before a run that starts or ends earlier.
    const due = completeDue(writer, workspaceId, Math.min(runsUntil, nextOfRuns), size);
    const firstObject = writer.objects.nextDue(workspaceId) ?? Infinity;
    const others = Math.min(until, nextOfRuns, due.next, firstObject);
    const callsUntil = Math.min(others, firstChat);
    const range = { first: firstCall, until: callsUntil, size: callsAtOnce };
    const { concurrencyLimit } = workspace.settings.calls;
    const calls = passDueCalls(writer, workspaceId, range, callWebhooks, (at) =>
      admitWaiting(writer, workspaceId, concurrencyLimit, at),
    );
    // What was told of a call must be sent before time goes on.
    const chatsUntil = calls.settledAt > 0 ? calls.settledAt : Math.min(others, calls.next);
    const chatRange = { first: firstChat, until: chatsUntil, size };
    const chats = passDueChats(writer, workspace, chatRange, chatWebhooks);
    const objectsUntil = Math.min(callsUntil, calls.next, chats.next);
    const objects = passDueObjects(writer, workspace, { until: objectsUntil, size, dial });
    // A batch may have dialled.
    const nextCall = objects.settledAt === 0 ? calls.next : writer.calls.nextDue(workspaceId);
    const waitFor = calls.waitFor ?? objects.waitFor;
    writer.workspaces.addProgress({
      id: workspaceId,
      runningDelta: started - ended,
      settledAt: Math.max(
        ...[happened.settledAt, due.settledAt],
        ...[calls.settledAt, chats.settledAt, objects.settledAt],
      ),
    });
    return {
      runsStarted: started,
      runsEnded: ended,
      batchTestsCompleted: happened.completed.length - delayed + due.completed,
      callsStarted: calls.started,
      callsEnded: calls.ended,
      next: Math.min(nextOfRuns, due.next, nextCall ?? Infinity, chats.next, objects.next),
      ...(waitFor !== undefined && { waitFor }),
    };
  };
  return (workspaceId, until) => store.together((writer) => advance(writer, workspaceId, until));
}

/** Runs that wait, with the times from which they may start. */
function listQueued(writer: StoreWriter, { id, settings }: Workspace, size: number): QueuedRun[] {
  const queue = writer.testRuns.listQueued(id, size);
  const { batchStartDelay: delay } = settings;
  return delay === 0 ? queue : queue.map((run) => ({ ...run, queuedAt: run.queuedAt + delay }));
}

/** Delays the completion of batches whose last runs have ended, as the settings say. */
function delayCompletions(
  writer: StoreWriter,
  { name, settings }: Workspace,
  batchKeys: readonly number[],
): number {
  const { batchCompletionDelay: delay, seed } = settings;
  if (delay.kind === 'range' && delay.to === 0) return 0;
  const chance = keyedChance(seed);
  const delayed = batchKeys.flatMap((batchKey) => {
    const { ordinal, modifiedAt } = writer.batchTests.get(batchKey);
    const drawn = drawDuration(delay, (purpose) => chance('completion', name, ordinal, purpose));
    return drawn === 0 ? [] : [{ batchKey, completesAt: modifiedAt + drawn }];
  });
  writer.batchTests.delayCompletion(delayed);
  return delayed.length;
}

/** Completes batches whose delay is over by a time. */
function completeDue(writer: StoreWriter, workspaceId: number, until: number, size: number) {
  const { batchTests } = writer;
  const first = batchTests.nextCompletion(workspaceId) ?? Infinity;
  if (first > until) return { completed: 0, settledAt: 0, next: first };
  const times = batchTests.completeDue(workspaceId, until, size);
  return {
    completed: times.length,
    settledAt: times.reduce((latest, time) => Math.max(latest, time), 0),
    next: batchTests.nextCompletion(workspaceId) ?? Infinity,
  };
}

/** The fast path when no run waits for a slot: an end then starts nothing. */
function endRunsOnly(
  writer: StoreWriter,
  { id, settledAt }: Workspace,
  until: number,
  size: number,
) {
  const batches = writer.running.endFirst(id, until, size);
  return {
    started: 0,
    ended: batches.reduce((sum, { ended }) => sum + ended.pass + ended.fail + ended.error, 0),
    completed: writer.batchTests.addProgress(
      batches.map(({ batchKey, ended, lastEndsAt }) => ({
        batchKey,
        started: 0,
        ended,
        modifiedAt: lastEndsAt,
      })),
    ),
    settledAt: batches.reduce((latest, { lastEndsAt }) => Math.max(latest, lastEndsAt), settledAt),
    nextStart: Infinity,
  };
}

function startAndEndRuns(
  writer: StoreWriter,
  workspace: Workspace,
  queue: readonly QueuedRun[],
  until: number,
  size: number,
) {
  const { id, settledAt, settings, runningCount } = workspace;
  const freeSlots = settings.concurrency - runningCount;
  // If there is a free slot for every queued run, no run has to wait for another to end, so later ends
  // need not be loaded. Batches are queued almost in order of time, so the last start is a maximum.
  const lastStart = queue.reduce((latest, run) => Math.max(latest, run.queuedAt), settledAt);
  const horizon = freeSlots >= queue.length ? Math.min(until, lastStart) : until;
  const running = writer.running.listEnding(id, horizon, size);
  // Runs that end later than the last one loaded are not known yet.
  const last = running.length === size ? running.at(-1) : undefined;
  const starter = runStarter(writer, workspace);
  const { started, ended, ...rest } = scheduleRuns<QueuedRun, RunningRun, StartedRun>({
    settledAt,
    freeSlots,
    running,
    queue,
    until: last?.endsAt ?? horizon,
    queueGoesOn: queue.length === size,
    start: starter.start,
  });
  starter.close();

  const over = new Set<RunningRun>(ended);
  writer.running.start(id, started, over);
  writer.running.end(
    id,
    running.filter((run) => over.has(run)),
  );
  const completed = addBatchProgress(writer, started, ended);
  return { ...rest, started: started.length, ended: ended.length, completed };
}

const nothingForced = { byRule: undefined, byVariables: undefined, unknownDefinitionId: null };

/** Starts runs of a workspace: decides how and when each of them ends. */
export function runStarter(writer: StoreWriter, workspace: Workspace) {
  const { settings } = workspace;
  const { seed } = settings;
  const chance = keyedChance(seed);
  const seedKey = writer.seedKeyOf(seed);
  const forcedOutcomes = createForcedOutcomeFinder(writer, workspace.id);
  const startBy = (forced: ForcedOutcomes, run: QueuedRun, startedAt: number): StartedRun => {
    const { batchKey, runIndex, batchOrdinal } = run;
    const identity = { workspace: workspace.name, batchOrdinal, runIndex };
    const { outcome, duration, forcedBy } = planOutcome(
      drawForRun(chance, identity),
      settings,
      forced,
    );
    const endsAt = startedAt + duration;
    return { batchKey, runIndex, startedAt, endsAt, outcome, seedKey, forcedBy };
  };
  return {
    start: (run: QueuedRun, startedAt: number) => startBy(forcedOutcomes.find(run), run, startedAt),
    /** The same by chance alone: no rule counts a hit. */
    startByChance: (run: QueuedRun, startedAt: number) => startBy(nothingForced, run, startedAt),
    close: () => {
      forcedOutcomes.storeHits();
    },
  };
}

/** Milliseconds. A transcript has about so many entries at most, and each takes one. */
const shortestSpan = 100;

type TimedRun = Pick<StartedRun, 'startedAt' | 'endsAt' | 'runIndex'>;

/**
 * The latest end that answers may give for a run. It is later than the real one where the run is too
 * short for its transcript.
 */
export const lastReportedEnd = ({ endsAt, startedAt, runIndex }: TimedRun): number =>
  Math.max(endsAt, startedAt + runIndex + shortestSpan);

/**
 * When the end of a run changes its batch. A run that takes no time was started in the same
 * step, wherever steps begin and end.
 */
export const changeByEnd = (run: TimedRun | RunningRun): number =>
  'startedAt' in run && run.startedAt === run.endsAt ? lastReportedEnd(run) : run.endsAt;

/** Records starts and ends in the batches' counts. Returns the batches that have no run left. */
export function addBatchProgress<Ended extends RunningRun>(
  writer: StoreWriter,
  started: readonly RunningRun[],
  ended: readonly Ended[],
  changedAt: (run: Ended) => number = changeByEnd,
): number[] {
  const batches = new Map<number, BatchProgress>();
  const batchOf = ({ batchKey }: RunningRun): BatchProgress => {
    const none: Tally = { pass: 0, fail: 0, error: 0 };
    const fresh = { batchKey, started: 0, ended: none, modifiedAt: undefined };
    const batch = batches.get(batchKey) ?? fresh;
    batches.set(batchKey, batch);
    return batch;
  };
  for (const run of started) batchOf(run).started += 1;
  for (const run of ended) {
    const batch = batchOf(run);
    batch.ended[run.outcome] += 1;
    batch.modifiedAt = Math.max(batch.modifiedAt ?? 0, changedAt(run));
  }
  return writer.batchTests.addProgress([...batches.values()]);
}

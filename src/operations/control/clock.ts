import type { components } from '../../contract/control.gen.js';
import { ApiError } from '../../errors.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import {
  latestTime,
  parseMoment,
  runningFrom,
  type WorkspaceClock,
} from '../../workspace/clock.js';
import { parseDuration } from '../../workspace/settings.js';
import type { Services } from '../operation.js';
import { openSettledWorkspace, type ControlOperation } from './control-operation.js';
import { passTime } from './pass-time.js';

export const getClock: ControlOperation<'getClock'> = ({ workspaces }, caller) =>
  toClock(workspaces.open(caller.workspace));

export const setClock: ControlOperation<'setClock'> = async (services, caller, { body }) => {
  const { mode, speed, now } = body;
  const workspace = await openSettledWorkspace(services, caller);
  if (mode === 'real') {
    if (now !== undefined) refuse('body/now goes with the mode "manual"');
    moveClock(services, workspace.id, workspace.now, { mode, speed: speed ?? 1 });
  } else {
    if (speed !== undefined) refuse('body/speed goes with the mode "real"');
    const time = (now === undefined ? undefined : parseMoment(now)) ?? workspace.now;
    refusePast(workspace, time, 'body/now');
    await passTime(services, workspace.id, time);
    moveClock(services, workspace.id, time, { mode });
  }
  return toClock(services.workspaces.get(workspace.id));
};

export const advanceClock: ControlOperation<'advanceClock'> = async (
  services,
  caller,
  { body },
) => {
  const { store, workspaces } = services;
  // What was due before this request is counted, too.
  const workspace = workspaces.open(caller.workspace);
  const { id } = workspace;
  const target = readTarget(body, workspace);
  const happened = await passTime(services, id, target ?? latestTime);
  const time = target ?? Math.max(workspace.now, store.workspaces.get(id).settledAt);
  moveClock(services, id, time, workspaces.get(id).clock);
  return { now: workspaces.get(id).now, ...happened };
};

/** The time to advance to; undefined for `until: idle`. */
function readTarget(
  { by, to, until }: components['schemas']['ClockAdvance'],
  workspace: Workspace,
): number | undefined {
  if ([by, to, until].filter((value) => value !== undefined).length !== 1) {
    refuse('body must have just one of "by", "to" and "until"');
  }
  if (until === 'idle') return undefined;
  const target =
    (to === undefined ? undefined : parseMoment(to)) ??
    workspace.now + (parseDuration(by ?? '') ?? 0);
  refusePast(workspace, target, 'body/to');
  if (target > latestTime) refuse(`body would go past the end of time, ${String(latestTime)}`);
  return target;
}

function refusePast({ now }: Workspace, time: number, path: string): void {
  if (time >= now) return;
  refuse(`${path} must not be before the workspace's time, which is ${String(now)}`);
}

function refuse(fault: string): never {
  throw new ApiError('invalid_request', fault);
}

/**
 * Sets the clock to `time` in the requested mode, and schedules the workspace again, since its due times
 * are now at other moments of the wall clock. Another request may have advanced the clock further
 * meanwhile: time does not go back.
 */
function moveClock(
  { store, worker, workspaces, clock: wallClock }: Services,
  id: number,
  time: number,
  asked: { mode: 'manual' } | { mode: 'real'; speed: number },
): void {
  const reached = Math.max(time, workspaces.get(id).now);
  const clock: WorkspaceClock =
    asked.mode === 'manual'
      ? { mode: 'manual', time: reached }
      : runningFrom(reached, wallClock.now(), asked.speed);
  store.now((writer) => {
    writer.workspaces.setClock(id, clock);
  });
  worker.reschedule(id, store.workspaces.nextDue(id));
}

function toClock({ clock, now }: Workspace): components['schemas']['Clock'] {
  return clock.mode === 'manual'
    ? { mode: clock.mode, now }
    : { mode: clock.mode, now, speed: clock.speed };
}

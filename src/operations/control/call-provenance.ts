import type { components } from '../../contract/control.gen.js';
import { eventsOf, isOver, momentsOf, nextMoment, pastEvents } from '../../domain/calls/call.js';
import type { CallRecord } from '../../domain/calls/call-record.js';
import { redactBody } from '../../domain/requests/redaction.js';
import { chanceOf } from '../../simulation/calls/said.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredCall } from '../../store/calls.js';
import type { Services } from '../operation.js';

type Schemas = components['schemas'];

/** Why a call went as it did, what happened in it, and what comes next. */
export function explain(
  { webhooks, llmSessions }: Services,
  { name }: Workspace,
  { key, call, progression, reads }: StoredCall,
): Schemas['CallProvenance'] {
  const { plan, state } = call;
  const { llm } = call.details;
  return {
    id: call.id,
    status: state.status,
    decidedBy: decisionOf(call),
    plan: toPlan(call),
    next: nextOf(call),
    ...awaitedIn(call),
    ...(progression.kind === 'polls' && { reads: { made: reads, needed: progression.polls } }),
    timeline: timelineOf(call),
    events: pastEvents(plan, state).map(({ name, at }) => ({ at, event: name })),
    webhooks: webhooks.journal
      .list(name)
      .filter(({ callId }) => callId === call.id)
      .map(({ id, event, state }) => ({ id, event, state })),
    ...(llm && {
      customLlm: {
        url: String(redactBody(llm.url)),
        frames: llmSessions.frames(key).map(({ direction, time, realTime, text }) => {
          return { direction, time, realTime, text };
        }),
      },
    }),
  };
}

function decisionOf(call: CallRecord): Schemas['CallDecision'] {
  const { course, details, seed } = call;
  if (details.endedBy !== undefined) return { source: details.endedBy };
  if (course === undefined) return { source: 'hand' };
  const { decidedBy } = course;
  if (decidedBy.source !== 'draw') return decidedBy;
  return { ...decidedBy, seed, draw: chanceOf(call).within('course')('reason') };
}

function toPlan({ plan, course }: CallRecord): Schemas['CallPlan'] {
  const { createdAt, connectsAt, endsAt, analysesAt, transferStartsAt, transferEndsAt } = plan;
  return {
    disconnectionReason: plan.reason ?? course?.reason ?? null,
    createdAt,
    connectsAt: connectsAt ?? null,
    ...(transferStartsAt !== undefined && { transferStartsAt }),
    endsAt: endsAt ?? null,
    ...(transferEndsAt !== undefined && { transferEndsAt }),
    analysesAt: analysesAt ?? null,
  };
}

function nextOf({ plan, state }: CallRecord): Schemas['NextMoment'] | null {
  const next = nextMoment(plan, state);
  if (next === undefined) return null;
  return { moment: next.kind, at: next.at, events: [...eventsOf(plan, next.kind)] };
}

function awaitedIn({ details, state }: CallRecord): Pick<Schemas['CallProvenance'], 'awaits'> {
  const { awaited } = details.functions ?? {};
  if (awaited === undefined || isOver(state.status)) return {};
  return { awaits: { tool: awaited.name, since: awaited.at, delivery: awaited.delivery } };
}

function timelineOf({ plan, state }: CallRecord): Schemas['CallProvenance']['timeline'] {
  const past = momentsOf(plan).slice(0, state.passed);
  return [
    { at: plan.createdAt, status: 'registered' },
    ...past.flatMap(({ kind, at }) => {
      if (kind === 'connect') return [{ at, status: 'ongoing' }];
      return kind === 'end' ? [{ at, status: state.status }] : [];
    }),
  ];
}

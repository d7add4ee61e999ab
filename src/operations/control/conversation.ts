import { isOver } from '../../domain/calls/call.js';
import { toForms } from '../../simulation/calls/transcript-forms.js';
import { callContextReader } from '../../simulation/calls/call-steps.js';
import { saidIn } from '../../simulation/calls/said.js';
import { loadValueGenerator } from '../../simulation/conversation/schema-value.js';
import { findSettledWorkspace } from '../operation.js';
import { found, type ControlOperation } from './control-operation.js';

export const getConversation: ControlOperation<'getConversation'> = async (
  services,
  caller,
  { params },
) => {
  const generate = await loadValueGenerator();
  const { store, llmSessions } = services;
  const { id, now } = found(await findSettledWorkspace(services, caller));
  const stored = found(store.calls.find(id, params.call_id));
  const { call } = stored;
  const { status } = call.state;
  const said = saidIn(call, callContextReader(store)(stored), generate, now).entries;
  const connectedAt = call.plan.connectsAt ?? now;
  // Calls have no entry for a transition of states.
  const told = said.filter(({ entry }) => entry.role !== 'state_transition');
  const entries = toForms(said, call.id).transcript_with_tool_calls.map((entry, index) => {
    const { start = 0, end = 0 } = told[index] ?? {};
    const endedAt = connectedAt + Math.ceil(end);
    return {
      startedAt: connectedAt + Math.floor(start),
      endedAt: isOver(status) || endedAt < now || start === end ? endedAt : null,
      entry: { ...entry },
    };
  });
  const metadata = llmSessions
    .metadata(stored.key)
    .map(({ index, time, metadata }) => ({ index, at: time, metadata }));
  return { id: call.id, status, now, entries, metadata };
};

import { ApiError } from '../../errors.js';
import { derivedAlphanumeric, derivedHex } from '../../random.js';
import { endedNow, withDetails } from '../../simulation/calls/call-steps.js';
import type { Caller, Operation, Services } from '../operation.js';
import { analysisDelayOf, change } from './calls.js';
import { findCall, findCallToMove } from './find-call.js';

/** How long a listener may wait before it joins. Not documented. */
const tokenLifetime = 60 * 60 * 1000;

/** Lets somebody listen to a call that goes on. No audio flows, so there is nothing to join. */
export const listenLiveCall: Operation<'listenLiveCall'> = async (services, caller, { params }) => {
  const { workspace, stored } = await findOngoing(services, caller, params.call_id);
  const { id, details } = stored.call;
  const listeners = (details.listeners ?? 0) + 1;
  change(services, workspace, withDetails(stored, { listeners }));
  return {
    access_token: `${id}.${derivedHex(32, id, 'listener token', listeners)}`,
    expires_at: workspace.now + tokenLifetime,
    participant_id: participantOf(id, listeners),
    room_name: id,
    transport: 'gateway' as const,
  };
};

/** Ends what the agent has to do with a call: a listener goes on with it. */
export const takeOverLiveCall: Operation<'takeOverLiveCall'> = async (
  services,
  caller,
  { params, body },
) => {
  const { workspace, stored } = await findOngoing(services, caller, params.call_id);
  const { id, details } = stored.call;
  const participants = Array.from({ length: details.listeners ?? 0 }, (_, index) =>
    participantOf(id, index + 1),
  );
  if (!participants.includes(body.participant_id)) {
    throw new ApiError('not_found', `Nobody listens to ${id} as ${body.participant_id}.`);
  }
  const delay = analysisDelayOf(workspace, stored);
  const ended = endedNow(stored, workspace.now, 'call_take_over', delay);
  change(services, workspace, withDetails(ended, { endedBy: 'client' }));
  return { success: true };
};

/** @param listener counts from 1. */
const participantOf = (callId: string, listener: number): string =>
  `listener_${derivedAlphanumeric(20, callId, 'listener', listener)}`;

/** @throws ApiError if the call does not go on */
async function findOngoing(services: Services, caller: Caller, callId: string) {
  const found = await findCallToMove(services, () => findCall(services, caller, callId));
  const { status } = found.stored.call.state;
  if (status !== 'ongoing') throw new ApiError('call_is_over', `it is ${status}.`);
  return found;
}

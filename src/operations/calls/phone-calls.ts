import type { components } from '../../contract/retell.gen.js';
import { isE164, pickAgent, type WeightedAgent } from '../../domain/calls/phone-number.js';
import { ApiError, MissingError } from '../../errors.js';
import { keyedChance } from '../../random.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { findWrongCountry } from '../numbers/countries.js';
import type { Operation, Services } from '../operation.js';
import type { CallRequest } from './call-request.js';
import { openSettled, showPhoneCall } from './calls.js';
import { createCall } from './new-call.js';

export const createPhoneCall: Operation<'createPhoneCall'> = async (services, caller, { body }) => {
  const { from_number: fromNumber, to_number: toNumber } = body;
  const { ignore_e164_validation: takesAny = false } = body;
  if (!takesAny && !isE164(fromNumber)) refuseNumber('from_number');
  if (!takesAny && !isE164(toNumber)) refuseNumber('to_number');
  const opened = await openSettled(services, caller);
  const isChecked = await refuseCountry(services, opened, body);
  // Time may have passed meanwhile.
  const workspace = isChecked ? await openSettled(services, caller) : opened;
  const created = await createCall(services, caller, workspace, {
    ...{ origin: 'dialled', direction: 'outbound', fromNumber, toNumber },
    ...agentOf(services, workspace, body),
    details: detailsOf(body),
  });
  return showPhoneCall(services, created);
};

/** What a client says of a call that is to be dialled. */
export const detailsOf = (
  body: Omit<components['schemas']['NewPhoneCall'], 'from_number'>,
): CallRequest['details'] => ({
  ...(body.metadata !== undefined && { metadata: body.metadata }),
  ...(body.retell_llm_dynamic_variables !== undefined && {
    variables: body.retell_llm_dynamic_variables,
  }),
  ...(body.custom_sip_headers !== undefined && { sipHeaders: body.custom_sip_headers }),
  ...(body.agent_override !== undefined && { override: body.agent_override }),
});

export function refuseNumber(name: string): never {
  throw new ApiError('invalid_request', `body/${name} must be in E.164 form, as +14157774444`);
}

/**
 * Refuses to dial a country that the number does not allow. Not documented: how that is answered. Returns
 * true if there was something to check.
 * @throws ApiError 400
 */
export async function refuseCountry(
  { store }: Services,
  { id }: Workspace,
  {
    from_number: from,
    to_number: to,
  }: { readonly from_number: string; readonly to_number: string },
  place = 'body/to_number',
): Promise<boolean> {
  const content = store.phoneNumbers.find(id, from)?.content ?? {};
  const finding = findWrongCountry(content, 'allowed_outbound_country_list', to);
  if (finding === undefined) return false;
  const problem = await finding;
  if (problem === undefined) return true;
  throw new ApiError('invalid_request', `${place} ${problem}`);
}

/** Documented: the override, or else one of the number's agents, drawn by weight. @throws ApiError */
export function agentOf(
  { store }: Services,
  { id, name, settings }: Workspace,
  body: {
    readonly from_number: string;
    readonly override_agent_id?: string;
    readonly override_agent_version?: number | string;
  },
): Pick<CallRequest, 'agentId' | 'agentVersion'> {
  const { from_number: from, override_agent_id: agentId } = body;
  const number = store.phoneNumbers.find(id, from);
  if (number === undefined && settings.unknownNumbers === 'reject') {
    throw new MissingError(from, 'phone-number', 'unprocessable');
  }
  if (agentId !== undefined) return { agentId, agentVersion: body.override_agent_version };
  const agents: readonly WeightedAgent[] = number?.content.outbound_agents ?? [];
  const ordinal = store.workspaces.ordinals(id).call;
  const draw = keyedChance(settings.seed).within(name, 'agent of call');
  const picked = pickAgent(agents, draw(ordinal));
  if (picked === undefined) throw new ApiError('no_outbound_agent');
  return {
    agentId: picked.agent_id,
    agentVersion: body.override_agent_version ?? picked.agent_version,
  };
}

export const registerPhoneCall: Operation<'registerPhoneCall'> = async (
  services,
  caller,
  { body },
) => {
  const workspace = await openSettled(services, caller);
  const created = await createCall(services, caller, workspace, {
    ...{ origin: 'registered', direction: body.direction ?? 'outbound' },
    ...{ fromNumber: body.from_number ?? '', toNumber: body.to_number ?? '' },
    ...{ agentId: body.agent_id, agentVersion: body.agent_version },
    details: {
      ...(body.metadata !== undefined && { metadata: body.metadata }),
      ...(body.retell_llm_dynamic_variables !== undefined && {
        variables: body.retell_llm_dynamic_variables,
      }),
      ...(body.agent_override !== undefined && { override: body.agent_override }),
    },
  });
  return showPhoneCall(services, created);
};

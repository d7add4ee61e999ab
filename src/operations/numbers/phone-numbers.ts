import {
  changedAgents,
  findWrongWeights,
  isE164,
  makeUpNumber,
  sentSingleFields,
  toWirePhoneNumber,
  type AgentsInput,
  type PhoneNumberContent,
} from '../../domain/calls/phone-number.js';
import { ApiError, MissingError } from '../../errors.js';
import { keyedChance } from '../../random.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { StoredPhoneNumber } from '../../store/phone-numbers.js';
import type { StoreWriter } from '../../store/store.js';
import { toArray } from '../gathering.js';
import {
  findWorkspace,
  refuseWithoutCredit,
  warning,
  type Caller,
  type Operation,
  type Services,
} from '../operation.js';
import { readPageQuery, toPage } from '../paging.js';

export const createPhoneNumber: Operation<'createPhoneNumber'> = (services, caller, { body }) => {
  const { phone_number: wished, area_code: areaCode, country_code: country = 'US' } = body;
  const { number_provider: provider = 'twilio', toll_free: isTollFree = false } = body;
  const workspace = openWorkspace(services, caller, body);
  const content = {
    phone_number_type: `retell-${provider}` as const,
    ...(areaCode !== undefined && { area_code: areaCode }),
    ...sharedContent(body),
  };
  return add(services, workspace, content, body, (writer) => {
    if (wished !== undefined) return wished;
    const ordinal = writer.workspaces.takeOrdinal(workspace.id, 'number');
    const chance = keyedChance(workspace.settings.seed).within(workspace.name, 'number', ordinal);
    for (let attempt = 0; ; attempt += 1) {
      const wish = { areaCode, country, isTollFree };
      const number = makeUpNumber(wish, (purpose) => chance(attempt, purpose));
      if (writer.phoneNumbers.find(workspace.id, number) === undefined) return number;
    }
  });
};

export const importPhoneNumber: Operation<'importPhoneNumber'> = (services, caller, { body }) => {
  const { phone_number: number, ignore_e164_validation: takesAny = true } = body;
  if (!takesAny && !isE164(number)) {
    throw new ApiError('invalid_request', 'body/phone_number must be in E.164 form');
  }
  const workspace = openWorkspace(services, caller, body);
  const { termination_uri: uri, sip_trunk_auth_username: user, transport } = body;
  const content = {
    phone_number_type: 'custom' as const,
    ...sharedContent(body),
    sip_outbound_trunk_config: {
      termination_uri: uri,
      ...(user !== undefined && { auth_username: user }),
      // Documented (SDK types): the default.
      transport: transport ?? 'TCP',
    },
  };
  return add(services, workspace, content, body, () => number);
};

/** What is said of a number, however it was got. */
type SharedInput = AgentsInput & Partial<Omit<PhoneNumberContent, 'phone_number_type'>>;

const shared = [
  'nickname',
  'inbound_webhook_url',
  'inbound_sms_webhook_url',
  'allowed_inbound_country_list',
  'allowed_outbound_country_list',
  'fallback_number',
] as const;

const sharedContent = (input: SharedInput): Partial<PhoneNumberContent> =>
  Object.fromEntries(
    shared.flatMap((name) => (input[name] === undefined ? [] : [[name, input[name]]])),
  );

/** @throws ApiError 402 without credit; 400 by policy. */
function openWorkspace(services: Services, caller: Caller, body: AgentsInput): Workspace {
  const workspace = services.workspaces.open(caller.workspace);
  // Observed: a number costs. The emulator counts credit in runs and takes none for it.
  refuseWithoutCredit(workspace);
  warnOfSingleAgents(caller, workspace, body);
  return workspace;
}

/**
 * Observed: the message. The vendor has withdrawn the fields for a single agent on 31 March 2026.
 * @throws ApiError 400 by policy.
 */
function warnOfSingleAgents(caller: Caller, { settings }: Workspace, body: AgentsInput): void {
  const sent = sentSingleFields(body);
  if (sent.length === 0 || settings.deprecated === 'serve') return;
  const detail = `Phone number single-agent fields. Fields: ${sent.join(', ')}.`;
  if (settings.deprecated === 'reject') {
    const guide = 'Migration details: https://docs.retellai.com/deprecation-notice';
    throw new ApiError('deprecated', `${detail} ${guide}`);
  }
  caller.warnLater?.(
    warning(`the real service refuses this: ${detail} Their successors are lists of agents.`),
  );
}

/** @throws ApiError 400 if the number is there, or what is said of it does not fit together. */
function add(
  { store }: Services,
  { id, now }: Workspace,
  said: PhoneNumberContent,
  agents: AgentsInput,
  getNumber: (writer: StoreWriter) => string,
) {
  return store.together((writer) => {
    const number = getNumber(writer);
    if (store.phoneNumbers.find(id, number) !== undefined) {
      const problem = `body/phone_number must be a new number: ${number} is there already`;
      throw new ApiError('invalid_request', problem);
    }
    const content = checked(number, { ...said, ...changedAgents(said, agents) });
    const phoneNumber = { number, content, modifiedAt: now };
    writer.phoneNumbers.insert(id, phoneNumber);
    return toWirePhoneNumber(phoneNumber);
  });
}

/** @throws ApiError 400 */
function checked(number: string, content: PhoneNumberContent): PhoneNumberContent {
  const list = findWrongWeights(content);
  if (list !== undefined) {
    throw new ApiError('invalid_request', `body/${list} must have weights that add up to 1`);
  }
  if (content.fallback_number === number) {
    throw new ApiError('invalid_request', 'body/fallback_number must be another number');
  }
  return content;
}

interface FoundNumber {
  readonly workspace: Workspace;
  readonly phoneNumber: StoredPhoneNumber;
}

/** @throws ApiError if the caller has no such number. */
function findNumber(services: Services, caller: Caller, number: string): FoundNumber {
  const workspace = findWorkspace(services, caller);
  const phoneNumber = workspace && services.store.phoneNumbers.find(workspace.id, number);
  if (workspace === undefined || phoneNumber === undefined) {
    throw new MissingError(number, 'phone-number', 'unprocessable');
  }
  return { workspace, phoneNumber };
}

export const getPhoneNumber: Operation<'getPhoneNumber'> = (services, caller, { params }) =>
  toWirePhoneNumber(findNumber(services, caller, params.phone_number).phoneNumber);

export const updatePhoneNumber: Operation<'updatePhoneNumber'> = (
  services,
  caller,
  { params, body },
) => {
  const { workspace, phoneNumber } = findNumber(services, caller, params.phone_number);
  warnOfSingleAgents(caller, workspace, body);
  const { content: before, number } = phoneNumber;
  const { termination_uri: uri, auth_username: user, transport } = body;
  const trunk = {
    ...(uri !== undefined && { termination_uri: uri }),
    ...(user !== undefined && { auth_username: user }),
    ...(transport !== undefined && { transport: transport ?? 'TCP' }),
  };
  const content = checked(number, {
    ...before,
    ...sharedContent(body),
    ...changedAgents(before, body),
    ...(Object.keys(trunk).length > 0 && {
      sip_outbound_trunk_config: { ...before.sip_outbound_trunk_config, ...trunk },
    }),
  });
  const modifiedAt = Math.max(workspace.now, phoneNumber.modifiedAt);
  const changed = { number, content, modifiedAt };
  services.store.together(({ phoneNumbers }) => {
    phoneNumbers.change(workspace.id, changed);
  });
  return toWirePhoneNumber(changed);
};

export const deletePhoneNumber: Operation<'deletePhoneNumber'> = (services, caller, { params }) => {
  const { workspace, phoneNumber } = findNumber(services, caller, params.phone_number);
  services.store.together(({ phoneNumbers }) =>
    phoneNumbers.delete(workspace.id, phoneNumber.number),
  );
  return undefined;
};

export const listPhoneNumbersV2: Operation<'listPhoneNumbersV2'> = (
  services,
  caller,
  { query },
) => {
  const { sort_order: order = 'descending' } = query;
  const list = ['phone-number', caller.workspace, order];
  const page = readPageQuery(query, list);
  return toPage(listAll(services, caller, page.after, page.limit + 1, order), page, list, (item) =>
    toWirePhoneNumber(item),
  );
};

export const listPhoneNumbers: Operation<'listPhoneNumbers'> = (services, caller) =>
  toArray(
    listAll(services, caller, undefined, undefined, 'descending'),
    toWirePhoneNumber,
    '/v2/list-phone-numbers',
  );

function listAll(
  services: Services,
  caller: Caller,
  after: number | undefined,
  limit: number | undefined,
  order: 'ascending' | 'descending',
): Iterable<StoredPhoneNumber> {
  const workspace = findWorkspace(services, caller);
  if (workspace === undefined) return [];
  return services.store.phoneNumbers.listPage({ workspaceId: workspace.id, after, limit, order });
}

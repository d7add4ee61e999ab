import type Retell from 'retell-sdk';
import type { Call } from './calls.js';
import { completeAgentChange } from './complete-agent.js';
import { completeFlow } from './complete-flow.js';
import { completeLlm } from './complete-llm.js';
import type { Complete } from './complete.js';

const number = '+14157774444';
const otherNumber = '+14157774445';
const overCall = '119c3f8e47135a29e65947eeb34cf12d';
const ongoingCall = 'call_a4441234567890777c4a4a123e6';
const agentId = 'oBeDLoLOeuAbiuaMFXRtDOLriTJ5tSxD';

type Override = NonNullable<Retell.CallCreatePhoneCallParams['agent_override']>;

const override: Complete<Override> = {
  agent: {
    ...completeAgentChange,
    response_engine: { type: 'retell-llm', llm_id: 'llm_234sdertfsdsfsdf', version: 0 },
  },
  retell_llm: { ...completeLlm, s2s_model: 'gpt-realtime-1.5' },
  conversation_flow: completeFlow,
};

const agents: Complete<Retell.PhoneNumberCreateParams.InboundAgent>[] = [
  { agent_id: agentId, weight: 0.5, agent_version: 'latest_published' },
  { agent_id: agentId, weight: 0.5, agent_version: 0 },
];

const numberSettings = {
  inbound_agents: agents,
  outbound_agents: agents,
  inbound_sms_agents: agents,
  outbound_sms_agents: agents,
  inbound_webhook_url: 'https://example.com/inbound-webhook',
  inbound_sms_webhook_url: 'https://example.com/inbound-sms-webhook',
  allowed_inbound_country_list: ['US', 'CA', 'GB'],
  allowed_outbound_country_list: ['US', 'CA'],
  nickname: 'Frontdesk Number',
};

const newNumber: Omit<Complete<Retell.PhoneNumberCreateParams>, 'phone_number'> = {
  ...numberSettings,
  area_code: 415,
  country_code: 'US',
  fallback_number: '+14155551234',
  number_provider: 'twilio',
  toll_free: false,
  transport: 'TCP',
};

const changedNumber: Complete<Retell.PhoneNumberUpdateParams> = {
  ...numberSettings,
  fallback_number: '+14155551234',
  auth_password: 'secret',
  auth_username: 'username',
  termination_uri: 'someuri.pstn.twilio.com',
  transport: 'TCP',
};

const importedNumber: Complete<Retell.PhoneNumberImportParams> = {
  ...numberSettings,
  phone_number: otherNumber,
  termination_uri: 'someuri.pstn.twilio.com',
  ignore_e164_validation: true,
  sip_trunk_auth_password: 'secret',
  sip_trunk_auth_username: 'username',
  transport: 'TCP',
};

export const numberCalls: Call[] = [
  [
    'phoneNumber.create, little',
    ({ phoneNumber }) => phoneNumber.create({}),
    { phone_number_type: 'retell-twilio' },
  ],
  [
    'phoneNumber.create, much',
    ({ phoneNumber }) => phoneNumber.create(newNumber),
    { nickname: 'Frontdesk Number', inbound_agents: agents },
  ],
  [
    'phoneNumber.retrieve',
    ({ phoneNumber }) => phoneNumber.retrieve(number),
    { phone_number: number },
  ],
  [
    'phoneNumber.update, little',
    ({ phoneNumber }) => phoneNumber.update(number, {}),
    { phone_number: number },
  ],
  [
    'phoneNumber.update, much',
    ({ phoneNumber }) => phoneNumber.update(number, changedNumber),
    numberSettings,
  ],
  ['phoneNumber.list, little', ({ phoneNumber }) => phoneNumber.list(), { has_more: false }],
  [
    'phoneNumber.list, much',
    ({ phoneNumber }) => phoneNumber.list({ limit: 1000, sort_order: 'ascending' }),
    { items: [{ phone_number: number }], has_more: false },
  ],
  ['phoneNumber.delete', ({ phoneNumber }) => phoneNumber.delete(number)],
  [
    'phoneNumber.import, little',
    ({ phoneNumber }) =>
      phoneNumber.import({
        phone_number: otherNumber,
        termination_uri: 'someuri.pstn.twilio.com',
      }),
    { phone_number: otherNumber, phone_number_type: 'custom' },
  ],
  [
    'phoneNumber.import, much',
    ({ phoneNumber }) => phoneNumber.import(importedNumber),
    numberSettings,
  ],
];

const shared = {
  agent_override: override,
  metadata: { customer: 7 },
  retell_llm_dynamic_variables: { customer_name: 'Ann' },
};

const phoneCall: Complete<Retell.CallCreatePhoneCallParams> = {
  ...shared,
  from_number: number,
  to_number: '+12137774445',
  custom_sip_headers: { 'X-Custom-Header': 'Custom Value' },
  ignore_e164_validation: true,
  override_agent_id: agentId,
  override_agent_version: 'latest_published',
};

const webCall: Complete<Retell.CallCreateWebCallParams> = {
  ...shared,
  agent_id: agentId,
  agent_version: 'latest_published',
  current_node_id: 'start',
  current_state: 'greeting',
};

const registeredCall: Complete<Retell.CallRegisterPhoneCallParams> = {
  ...shared,
  agent_id: agentId,
  agent_version: 'latest_published',
  direction: 'inbound',
  from_number: number,
  to_number: '+12137774445',
};

const callChange: Complete<Retell.CallUpdateParams> = {
  custom_attributes: { custom_attribute: 'value', other: 7, more: true },
  data_storage_setting: 'everything_except_pii',
  metadata: { customer: 8 },
};

const liveChange: Complete<Retell.CallUpdateLiveParams> = {
  call_control: { additional_context: 'They are in a hurry.', trigger_response: true },
  fields_to_override: {
    data_storage_setting: 'everything_except_pii',
    metadata: { customer: 9 },
    override_dynamic_variables: { customer_name: 'Bob' },
  },
};

/** Not emulated: they listen to the audio of a call. */
export const audioCalls = ['call.listenLive', 'call.takeOverLive'];

export const callCalls: Call[] = [
  ['call.retrieve', ({ call }) => call.retrieve(overCall), { call_id: overCall }],
  ['call.update, little', ({ call }) => call.update(ongoingCall, {}), { call_id: ongoingCall }],
  [
    'call.update, much',
    ({ call }) => call.update(ongoingCall, callChange),
    { call_id: ongoingCall, metadata: { customer: 8 } },
  ],
  ['call.list, little', ({ call }) => call.list(), { has_more: false }],
  [
    'call.list, much',
    ({ call }) =>
      call.list({
        filter_criteria: {
          agent: [{ agent_id: agentId, version: [1] }],
          call_status: { type: 'enum', op: 'in', value: ['ended'] },
          to_number: { type: 'string', op: 'sw', value: '+1213' },
          duration_ms: { type: 'range', op: 'bt', value: [0, 3_600_000] },
        },
        ...{ include_total: true, limit: 1000, skip: 0, sort_order: 'ascending' },
      }),
    { total: 2 },
  ],
  ['call.delete', ({ call }) => call.delete(overCall)],
  [
    'call.createPhoneCall, little',
    ({ call }) => call.createPhoneCall({ from_number: number, to_number: '+12137774445' }),
    { agent_id: agentId, call_status: 'registered' },
  ],
  [
    'call.createPhoneCall, much',
    ({ call }) => call.createPhoneCall(phoneCall),
    { agent_version: 0, metadata: { customer: 7 } },
  ],
  [
    'call.createWebCall, little',
    ({ call }) => call.createWebCall({ agent_id: agentId }),
    { transport: 'gateway' },
  ],
  ['call.createWebCall, much', ({ call }) => call.createWebCall(webCall), { transport: 'gateway' }],
  [
    'call.registerPhoneCall, little',
    ({ call }) => call.registerPhoneCall({ agent_id: agentId }),
    { call_status: 'registered' },
  ],
  [
    'call.registerPhoneCall, much',
    ({ call }) => call.registerPhoneCall(registeredCall),
    { direction: 'inbound', from_number: number },
  ],
  [
    'call.rerunAnalysis',
    ({ call }) => call.rerunAnalysis('call_119c3f8e47135a29e65947eeb34cf12d'),
    { call_analysis: {} },
  ],
  ['call.stop', ({ call }) => call.stop(ongoingCall)],
  ['call.updateLive, little', ({ call }) => call.updateLive(ongoingCall, {})],
  ['call.updateLive, much', ({ call }) => call.updateLive(ongoingCall, liveChange)],
  ['concurrency.retrieve', ({ concurrency }) => concurrency.retrieve(), { current_concurrency: 1 }],
];

import { someCall } from './calls.js';
import type { ExampleRequest } from './example-requests.js';

/** A request to each operation of calls. */
export const callExampleRequests = {
  createPhoneCall: {
    url: () => '/v2/create-phone-call',
    body: () => someCall,
    malformed: { body: { ...someCall, retell_llm_dynamic_variables: { name: null } } },
  },
  createBatchCall: {
    url: () => '/create-batch-call',
    body: () => ({
      from_number: someCall.from_number,
      tasks: [{ to_number: someCall.to_number, override_agent_id: someCall.override_agent_id }],
    }),
    malformed: { body: { from_number: someCall.from_number, tasks: [] } },
  },
  registerPhoneCall: {
    url: () => '/v2/register-phone-call',
    body: () => ({ agent_id: 'agent_1' }),
    malformed: { body: { agent_id: 7 } },
  },
  createWebCall: {
    url: () => '/v3/create-web-call',
    body: () => ({ agent_id: 'agent_1' }),
    malformed: { body: { agent_id: 'agent_1', metadata: 7 } },
  },
  createWebCallV2: {
    url: () => '/v2/create-web-call',
    body: () => ({ agent_id: 'agent_1' }),
    malformed: { body: {} },
  },
  getCall: {
    url: ({ call }) => `/v2/get-call/${call}`,
    malformed: { url: '/v2/get-call/%zz' },
  },
  listCallsV3: {
    url: () => '/v3/list-calls',
    body: () => ({
      filter_criteria: { direction: { type: 'enum', op: 'in', value: ['outbound'] } },
    }),
    // The form of the older list, which clients mix up.
    malformed: { body: { filter_criteria: { direction: ['outbound'] } } },
  },
  listCallsV2: {
    url: () => '/v2/list-calls',
    body: () => ({ filter_criteria: { direction: ['outbound'] } }),
    malformed: { body: { filter_criteria: { direction: 'outbound' } } },
  },
  updateCall: {
    url: ({ pastCall }) => `/v2/update-call/${pastCall}`,
    body: () => ({ metadata: { a: 1 } }),
    malformed: { body: { data_storage_setting: 'nothing' } },
  },
  updateLiveCall: {
    url: ({ call }) => `/v2/update-live-call/${call}`,
    body: () => ({ call_control: { additional_context: 'A ticket was opened.' } }),
    malformed: { body: { call_control: { additional_context: '' } } },
  },
  deleteCall: {
    url: ({ call }) => `/v2/delete-call/${call}`,
    malformed: { url: '/v2/delete-call/%zz' },
  },
  stopCall: {
    url: ({ call }) => `/v2/stop-call/${call}`,
    malformed: { url: '/v2/stop-call/%zz' },
  },
  listenLiveCall: {
    url: ({ call }) => `/v2/listen-live-call/${call}`,
    malformed: { url: '/v2/listen-live-call/%zz' },
  },
  takeOverLiveCall: {
    url: ({ call }) => `/v2/take-over-live-call/${call}`,
    body: ({ listener }) => ({ participant_id: listener }),
    malformed: { body: {} },
  },
  rerunCallAnalysis: {
    url: ({ pastCall }) => `/rerun-call-analysis/${pastCall}`,
    malformed: { url: '/rerun-call-analysis/%zz' },
  },
  getConcurrency: {
    url: () => '/get-concurrency',
    malformed: { url: '/get-concurrency/%zz' },
  },
} satisfies Record<string, ExampleRequest>;

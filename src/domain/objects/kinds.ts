import type { ObjectContent } from './stored-object.js';

/** What is special about a kind of stored objects. Everything else is the same for all of them. */
export interface KindOfObject {
  /** The property that has the id, on the wire. */
  readonly idProperty: string;
  /** The property that no two objects share; undefined if there is none. */
  readonly uniqueProperty?: string;
  /** The states, in their order, if an object has states. The first is that of a new one. */
  readonly states?: readonly string[];
  /** The states from which another comes by itself. */
  readonly unfinished?: readonly string[];
  /** What the content of fixtures need not have. */
  readonly defaults?: ObjectContent;
  /** The list of fixtures that has these objects. */
  readonly fixtures: string;
}

/** The kinds of stored objects. The name is also that of the table in refusals. */
export const objectKinds = {
  voice: { idProperty: 'voice_id', fixtures: 'voices' },
  'knowledge-base': {
    idProperty: 'knowledge_base_id',
    states: ['in_progress', 'complete', 'error', 'refreshing_in_progress'],
    unfinished: ['in_progress', 'refreshing_in_progress'],
    // Documented: the sizes.
    defaults: { max_chunk_size: 2000, min_chunk_size: 400, knowledge_base_sources: [] },
    fixtures: 'knowledgeBases',
  },
  'conversation-flow-component': {
    idProperty: 'conversation_flow_component_id',
    fixtures: 'conversationFlowComponents',
  },
  'export-request': {
    idProperty: 'export_request_id',
    states: ['created', 'processing', 'completed', 'error'],
    unfinished: ['created', 'processing'],
    fixtures: 'exportRequests',
  },
  contact: { idProperty: 'contact_id', uniqueProperty: 'phone_number', fixtures: 'contacts' },
  'contact-file': { idProperty: 'upload_id', fixtures: 'contactFiles' },
  asset: { idProperty: 'asset_id', fixtures: 'uploadedAssets' },
  app: {
    idProperty: 'app_id',
    defaults: { connection_status: 'not_connected' },
    fixtures: 'apps',
  },
  'crm-config': { idProperty: 'crm_config_id', fixtures: 'crmConfigs' },
  // One for each name: the one that runs, or ran last.
  job: {
    idProperty: 'job',
    states: ['queued', 'running', 'idle'],
    unfinished: ['queued', 'running'],
    fixtures: 'jobs',
  },
  'batch-call': {
    idProperty: 'batch_call_id',
    states: ['dialling', 'waiting_for_room', 'finished'],
    unfinished: ['dialling', 'waiting_for_room', 'finished'],
    fixtures: 'batchCalls',
  },
  'batch-call-task': { idProperty: 'batch_call_task_id', fixtures: 'batchCallTasks' },
} as const satisfies Record<string, KindOfObject>;

export type ObjectKind = keyof typeof objectKinds;

/** The lists of fixtures that have stored objects. */
export type ObjectLists = (typeof objectKinds)[ObjectKind]['fixtures'];

export const kindsOfObjects = Object.keys(objectKinds) as ObjectKind[];

export const kindOf = (kind: ObjectKind): KindOfObject => objectKinds[kind];

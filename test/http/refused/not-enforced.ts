import { someDefinition } from '../../support/emulator.js';
import {
  agent,
  agents,
  definitions,
  edge,
  endCall,
  flow,
  flows,
  llms,
  node,
  reference,
  sdk,
  state,
  tool,
  url,
  type NotEnforced,
} from './refusal.js';

const cal = { type: 'check_availability_cal', cal_api_key: 'k', event_type_id: 1 };
const destination = { type: 'predefined', number: 'sip:desk@example.test' };
const transfer = (transfer_option: object) =>
  tool({ type: 'transfer_call', transfer_destination: destination, transfer_option });
const ofAgent = (parts: object) => ({ ...agent, ...parts });
const hour = 3_600_000;

/** What the vendor says in prose, and the emulator takes nevertheless. */
export const notEnforced: NotEnforced[] = [
  // What has no effect is no mistake.
  [
    'backchannel_frequency is only applicable with enable_backchannel',
    sdk,
    'it has no effect otherwise; nothing says that it is refused',
    agents,
    ofAgent({ enable_backchannel: false, backchannel_frequency: 0.5 }),
  ],
  [
    'signed_url_expiration_ms is only applicable with opt_in_signed_url',
    sdk,
    'it has no effect otherwise; nothing says that it is refused',
    agents,
    ofAgent({ opt_in_signed_url: false, signed_url_expiration_ms: hour }),
  ],
  [
    'execution_message_description is only applicable with speak_during_execution',
    sdk,
    'it has no effect otherwise; nothing says that it is refused',
    llms,
    tool({ url, speak_during_execution: false, execution_message_description: 'One moment.' }),
  ],
  [
    'custom_stt_config is only used with stt_mode custom, and has bounds for each provider',
    sdk,
    "the vendor's own suite sends one below its bound with the mode fast",
    agents,
    ofAgent({ stt_mode: 'fast', custom_stt_config: { provider: 'azure', endpointing_ms: 0 } }),
  ],
  [
    'show_transferee_as_caller takes effect only with sip_invite',
    sdk,
    'it has no effect otherwise; nothing says that it is refused',
    llms,
    transfer({
      type: 'cold_transfer',
      cold_transfer_mode: 'sip_refer',
      show_transferee_as_caller: true,
    }),
  ],
  [
    'voice_emotion is supported for two providers of voices',
    sdk,
    'no provider can be told from the id of a voice, and no refusal is known',
    agents,
    ofAgent({ voice_id: 'openai-Alloy', voice_emotion: 'calm' }),
  ],
  // What only the vendor can know.
  [
    'fallback voices must be of other providers than the voice',
    sdk,
    'no provider can be told from the id of a voice that was cloned or taken from the community',
    agents,
    ofAgent({ voice_id: '11labs-Adrian', fallback_voice_ids: ['11labs-Anna'] }),
  ],
  [
    'an engine must be created before an agent can have it',
    sdk,
    'the setting unknownEngines decides',
    agents,
    ofAgent({ response_engine: { type: 'retell-llm', llm_id: 'llm_of_another_account' } }),
  ],
  [
    'custom_on_hold_music_asset_id must name an audio asset of the account',
    sdk,
    'assets are not emulated',
    llms,
    transfer({
      ...{ type: 'warm_transfer', on_hold_music: 'custom' },
      custom_on_hold_music_asset_id: 'asset_none',
    }),
  ],
  [
    'the agent of an agentic transfer must be a transfer agent',
    sdk,
    'what makes one is no property of the API',
    llms,
    transfer({
      type: 'agentic_warm_transfer',
      agentic_transfer_config: { transfer_agent: { agent_id: 'agent_1', agent_version: 1 } },
    }),
  ],
  [
    'bridge_transfer is only available to transfer agents',
    sdk,
    'what makes one is no property of the API',
    llms,
    tool({ type: 'bridge_transfer' }),
  ],
  [
    'a timezone must be in the IANA database',
    sdk,
    'the database grows, and the copy in Node is older: only the form of a name is checked',
    llms,
    tool({ ...cal, timezone: 'Mars/Olympus_Mons' }),
  ],
  [
    "an agent's timezone is one of the IANA database",
    sdk,
    'it describes the value, and does not demand it; a tool of Cal.com is held to the form',
    agents,
    ofAgent({ timezone: 'Eastern Time' }),
  ],
  [
    'a number to transfer to is in the form E.164',
    sdk,
    'it is checked when a call is made, and files with SIP addresses must load',
    llms,
    transfer({ type: 'cold_transfer' }),
  ],
  // What the schemas of the vendor contradict.
  [
    'start_speaker of an LLM is required',
    sdk,
    'its type is optional, and real answers name the default where it was not sent (facts.md 55)',
    llms,
    {},
  ],
  [
    'event_type_id is a number or a dynamic variable',
    sdk,
    'the reference takes any text',
    llms,
    tool({ ...cal, event_type_id: 'event-1' }),
  ],
  [
    'a tool of a flow has a tool_id',
    reference,
    'the SDK is newer, and its type is optional',
    flows,
    flow({ tools: [{ type: 'custom', name: 't', url }] }),
  ],
  [
    'an equation has a right side, unless it asks whether something exists',
    sdk,
    'its type is optional, and the prose only implies it',
    flows,
    node('x', {
      edges: [
        {
          id: 'e',
          transition_condition: {
            ...{ type: 'equation', operator: '&&' },
            equations: [{ left: '{{a}}', operator: '==' }],
          },
        },
      ],
    }),
  ],
  [
    'the scalar language multi is stored and given back as ten languages',
    sdk,
    'which ten is not documented',
    agents,
    ofAgent({ language: 'multi' }),
  ],
  // What is called so, and is not demanded.
  [
    'ids of nodes and edges are unique',
    sdk,
    'it describes the value; no refusal is known',
    flows,
    flow({
      nodes: [
        { id: 'n', type: 'end' },
        { id: 'n', type: 'end' },
      ],
    }),
  ],
  [
    'an edge goes to a node or a state that is there',
    sdk,
    'no sentence demands it, and a flow is often saved before it is complete',
    flows,
    node('x', { edges: [{ ...edge('Go on'), destination_node_id: 'none' }] }),
  ],
  [
    'two edges of a state to the same state are two tools of one name',
    sdk,
    'the sentence binds the names of tools; of edges no refusal is known',
    llms,
    state({
      edges: ['a', 'b'].map((description) => ({ destination_state_name: 's', description })),
      tools: [endCall('end_call')],
    }),
  ],
  [
    'the output of a tool mock should be JSON',
    sdk,
    'it says should, and plain text is observed (facts.md 24: JSON by custom)',
    definitions,
    {
      ...someDefinition,
      tool_mocks: [{ tool_name: 'book', input_match_rule: { type: 'any' }, output: 'Booked.' }],
    },
  ],
  // What belongs to a vocabulary that grows: the setting unknownValues decides.
  [
    'only post_call is supported as the mode of pii_config',
    sdk,
    'the list is open (facts.md 56)',
    agents,
    ofAgent({ pii_config: { mode: 'live', categories: [] } }),
  ],
  [
    'some alphabets of pronunciations depend on the provider of the voice',
    sdk,
    'the list is open, and no provider can be told from the id of a voice',
    agents,
    ofAgent({ pronunciation_dictionary: [{ word: 'a', alphabet: 'jyutping', phoneme: 'a' }] }),
  ],
];

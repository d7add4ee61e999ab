import type { components } from '../../src/contract/control.gen.js';
import { callsOn, place } from './calls.js';
import type { TestClient, TestOptions } from './emulator.js';

export const userSays = (...contents: string[]) =>
  contents.map((content) => ({ role: 'user', content }));

interface LlmCall {
  /** How a rule says that the call goes. */
  readonly outcome?: object;
  readonly agent?: object;
  readonly body?: object;
  readonly settings?: TestOptions['settings'];
  readonly options?: TestOptions;
}

/** An agent whose custom LLM is at this URL. */
export async function createLlmAgent(client: TestClient, url: string, more: object = {}) {
  const { agent_id } = await client.call<{ agent_id: string }>('POST', '/create-agent', {
    response_engine: { type: 'custom-llm', llm_websocket_url: url },
    voice_id: '11labs-Adrian',
    ...more,
  });
  return agent_id;
}

/** Places a call of an agent whose custom LLM is at this URL. */
export async function placeLlmCall(
  url: string,
  { outcome = {}, agent, body, settings = {}, options = {} }: LlmCall = {},
) {
  const app = callsOn(settings, options);
  const { client, clock } = app;
  await client.call('POST', '/_emulator/call-rules', { outcome });
  const override_agent_id = await createLlmAgent(client, url, agent);
  const { call_id: id } = await place(client, { override_agent_id, ...body });
  return {
    ...app,
    id,
    /** Moves the clock of the machine by three seconds each time that this was noted, until it resolves. */
    whileTimePasses: async <Result>(work: Promise<Result>, note: string): Promise<Result> => {
      const state = { isOver: false };
      const finished = work.finally(() => {
        state.isOver = true;
      });
      let seen = 0;
      const notes = async () => {
        const { customLlm } = await explain(client, id);
        return customLlm?.frames.filter(({ text }) => text.startsWith(note)).length ?? 0;
      };
      while (!state.isOver) {
        const count = await notes();
        if (count > seen) await clock.advance(3000);
        seen = count;
      }
      return finished;
    },
  };
}

export const explain = (client: TestClient, id: string) =>
  client.call<components['schemas']['CallProvenance']>('GET', `/_emulator/calls/${id}`);

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AgentModel, type Refusal, type VersionArgument } from '../support/agent-model.js';
import { buildTestApp, someFlow, type TestClient } from '../support/emulator.js';

type Json = Record<string, unknown>;
type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

const agent = fc.nat({ max: 3 });
const engine = fc.nat({ max: 1 });
const number = fc.nat({ max: 5 });
const argument = fc.constantFrom<VersionArgument>(
  ...([undefined, undefined, 'latest', 'latest_published', 'no-such-tag', 0, 1, 2, 4] as const),
);
const text = fc.constantFrom('one', 'two', 'three');

const step = fc.oneof(
  fc.record({ do: fc.constant('createAgent'), on: fc.nat({ max: 3 }) }),
  fc.record({
    do: fc.constant('updateEngine'),
    ...{ engine, version: fc.option(number, { nil: undefined }), text },
  }),
  fc.record({
    do: fc.constant('updateAgent'),
    ...{ agent, argument, what: fc.constantFrom('name', 'title', 'same', 'other', 'both'), text },
  }),
  fc.record({ do: fc.constant('publishVersion'), agent, number, title: fc.option(text) }),
  fc.record({ do: fc.constant('createVersion'), agent, number }),
  fc.record({ do: fc.constant('createVersion'), agent, number: fc.constant(0) }),
  fc.record({ do: fc.constant('publishAgent'), agent }),
  fc.record({ do: fc.constant('deleteVersion'), agent, number }),
  fc.record({ do: fc.constant('deleteAgent'), agent }),
  fc.record({ do: fc.constant('deleteEngine'), engine, force: fc.boolean() }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** The emulator and the model side by side: two engines here, one that is not, and a custom one. */
class Pair {
  readonly client: TestClient;
  readonly model = new AgentModel();
  readonly agents: string[] = [];
  readonly engines: { id: string; path: string; reference: Json }[] = [];
  readonly #engineOf = new Map<string, Json>();

  constructor(client: TestClient) {
    this.client = client;
  }

  async begin(): Promise<void> {
    const opening = { begin_message: 'first' };
    const llm = await this.client.call<Json>('POST', '/create-retell-llm', opening);
    const flow = await this.client.call<Json>('POST', '/create-conversation-flow', {
      ...{ ...someFlow, ...opening },
    });
    const [llm_id, conversation_flow_id] = [llm['llm_id'], flow['conversation_flow_id']];
    this.engines.push(
      {
        ...{ id: String(llm_id), path: `retell-llm/${String(llm_id)}` },
        reference: { type: 'retell-llm', llm_id },
      },
      {
        id: String(conversation_flow_id),
        path: `conversation-flow/${String(conversation_flow_id)}`,
        reference: { type: 'conversation-flow', conversation_flow_id },
      },
      { id: 'llm_none', path: '', reference: { type: 'retell-llm', llm_id: 'llm_none' } },
      {
        ...{ id: 'custom', path: '' },
        reference: { type: 'custom-llm', llm_websocket_url: 'wss://llm.test' },
      },
    );
    this.model.addEngine(String(llm_id), 'retell-llm');
    this.model.addEngine(String(conversation_flow_id), 'conversation-flow');
    // Two that share an engine.
    await this.createAgent(0);
    await this.createAgent(0);
  }

  async createAgent(on: number): Promise<void> {
    const { id, reference } = this.engines[on] ?? { id: '', reference: {} };
    const { agent_id } = await this.client.call<Json>('POST', '/create-agent', {
      ...{ voice_id: 'v', agent_name: 'first', response_engine: reference },
    });
    this.agents.push(String(agent_id));
    this.#engineOf.set(String(agent_id), reference);
    this.model.addAgent(String(agent_id), id);
  }

  /** Sends what the model has been told, and compares what becomes of it. */
  async send(method: Method, url: string, payload: object | undefined, expected?: Refusal) {
    const { status, body } = await this.client.send({ method, url, ...(payload && { payload }) });
    if (expected === undefined) {
      expect(status, `${method} ${url}: ${JSON.stringify(body)}`).toBeLessThan(300);
    } else {
      expect([status, body['message']]).toEqual([
        expected[0],
        expect.stringMatching(expected[1]) as string,
      ]);
    }
  }

  async run(step: Step): Promise<void> {
    const { model } = this;
    if (step.do === 'createAgent') {
      if (this.agents.length < 4) await this.createAgent((step as { on: number }).on);
      return;
    }
    if ('engine' in step) {
      const { id = '', path = '' } = this.engines[step.engine] ?? {};
      if ('force' in step) {
        const expected = model.deleteEngine(id, step.force);
        const query = step.force ? '?force_delete=true' : '';
        await this.send('DELETE', `/delete-${path}${query}`, undefined, expected);
      } else {
        const expected = model.updateEngine(id, step.version, step.text);
        const query = step.version === undefined ? '' : `?version=${String(step.version)}`;
        await this.send('PATCH', `/update-${path}${query}`, { begin_message: step.text }, expected);
      }
      return;
    }
    const id = this.agents[('agent' in step ? step.agent : 0) % this.agents.length] ?? '';
    if ('what' in step) return this.updateAgent(id, step);
    if ('title' in step) {
      const { number: version, title } = step;
      const told = { version, ...(title !== null && { version_title: title }) };
      const expected = model.publishVersion(id, version, title ?? undefined);
      return this.send('POST', `/publish-agent-version/${id}`, told, expected);
    }
    if (step.do === 'publishAgent') {
      return this.send('POST', `/publish-agent/${id}`, undefined, model.publishAgent(id));
    }
    if (step.do === 'deleteAgent') {
      const gone: Refusal = [404, /not found from agent$/];
      const expected = model.agents.delete(id) ? undefined : gone;
      return this.send('DELETE', `/delete-agent/${id}`, undefined, expected);
    }
    const version = 'number' in step ? step.number : 0;
    return step.do === 'createVersion'
      ? this.send(
          ...(['POST', `/create-agent-version/${id}`, { base_version: version }] as const),
          model.createVersion(id, version),
        )
      : this.send(
          ...(['DELETE', `/delete-agent-version/${id}?version=${String(version)}`] as const),
          undefined,
          model.deleteVersion(id, version),
        );
  }

  updateAgent(
    id: string,
    { argument, what, text }: { argument: VersionArgument; what: string; text: string },
  ): Promise<void> {
    const name = what === 'name' || what === 'both' ? text : undefined;
    const title = what === 'title' || what === 'both' ? text : undefined;
    // The model has no agents that go to another engine, as one that has its first version only may.
    const versions = this.model.agents.get(id)?.versions;
    const isOnlyFirst = versions?.size === 1 && versions.has(0);
    const engine =
      what === 'same' || (what === 'other' && isOnlyFirst)
        ? 'same'
        : what === 'other'
          ? what
          : null;
    const other = { type: 'retell-llm', llm_id: 'llm_other' };
    const expected = this.model.updateAgent(id, argument, {
      ...(name !== undefined && { name }),
      ...(title !== undefined && { title }),
      ...(engine !== null && { engine }),
    });
    const change = {
      ...(name !== undefined && { agent_name: name }),
      ...(title !== undefined && { version_title: title }),
      ...(engine !== null && {
        response_engine: engine === 'same' ? this.#engineOf.get(id) : other,
      }),
    };
    return this.send('PATCH', `/update-agent/${id}${query(argument)}`, change, expected);
  }

  /** Every version of everything is as the model has it. */
  async compare(): Promise<void> {
    const { model } = this;
    const agents = await this.client.call<Json[]>('GET', '/list-agents');
    expect(agents.map((agent) => this.seen(agent)).sort()).toEqual(
      [...model.agents]
        .flatMap(([id, { versions }]) =>
          [...versions].map(([version, { name, title, published, base, engineVersion }]) =>
            JSON.stringify([id, version, name, title, published, base, engineVersion]),
          ),
        )
        .sort(),
    );
    const engines = [
      ...(await this.client.call<Json[]>('GET', '/list-retell-llms')),
      ...(await this.client.call<Json[]>('GET', '/list-conversation-flows')),
    ];
    expect(engines.map(seenEngine).sort()).toEqual(
      [...model.engines]
        .flatMap(([id, { versions }]) =>
          [...versions].map(([version, { says, published }]) =>
            JSON.stringify([id, version, says, published]),
          ),
        )
        .sort(),
    );
  }

  seen(agent: Json): string {
    const { agent_id, version, agent_name, version_title, is_published, base_version } = agent;
    const { version: engineVersion, ...engine } = agent['response_engine'] as Json;
    expect(engine).toEqual(this.#engineOf.get(String(agent_id)));
    return JSON.stringify([
      ...[agent_id, version, agent_name, version_title, is_published, base_version, engineVersion],
    ]);
  }

  /** Reads an agent, and hears it, by each kind of version argument. */
  async read(id: string): Promise<void> {
    for (const argument of [undefined, 'latest', 'latest_published', 'no-such-tag', 1] as const) {
      const version = this.model.resolve(id, argument);
      const read = { method: 'GET' as const, url: `/get-agent/${id}${query(argument)}` };
      const { status, body } = await this.client.send(read);
      expect([status, body['version']]).toEqual(
        version === undefined ? [404, undefined] : [200, version],
      );
      const url = `/agent-playground-completion/${id}${query(argument)}`;
      const heard = await this.client.send({ method: 'POST', url, payload: { messages: [] } });
      expect(heard.status).toBe(version === undefined ? 404 : 200);
      const says = version === undefined ? undefined : this.model.says(id, version);
      if (says !== undefined) expect(heard.body['messages']).toMatchObject([{ content: says }]);
    }
  }
}

const query = (version: VersionArgument): string =>
  version === undefined ? '' : `?version=${String(version)}`;

const seenEngine = (engine: Json): string => {
  const { version, begin_message, is_published } = engine;
  const id = engine['llm_id'] ?? engine['conversation_flow_id'];
  return JSON.stringify([id, version, begin_message, is_published]);
};

describe('agents and their engines', () => {
  it('behave like the model in any sequence of requests', async () => {
    const { client } = buildTestApp();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 25, size: 'max' }),
        agent,
        async (steps, reader) => {
          runs += 1;
          const pair = new Pair(client(`key_${String(runs)}`));
          await pair.begin();
          for (const step of steps) {
            await pair.run(step);
            await pair.compare();
          }
          await pair.read(pair.agents[reader % pair.agents.length] ?? '');
        },
      ),
      { numRuns: 25 },
    );
  });
});

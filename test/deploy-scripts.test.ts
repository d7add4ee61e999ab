import Retell from 'retell-sdk';
import { describe, expect, it } from 'vitest';
import type { Workspace } from '../src/index.js';
import { clientOf, start } from './support/library.js';

/** Scripts as teams run them in CI to bring a prompt live, written from facts.md 43, 53, "Versions". */
interface Deployment {
  readonly client: Retell;
  readonly agentId: string;
  readonly prompt: string;
}

const engineOf = (agent: Retell.AgentResponse) =>
  agent.response_engine as { llm_id: string; version: number };

/** Makes a version, edits its engine, publishes it. */
async function forkEditPublish({ client, agentId, prompt }: Deployment) {
  const { version } = await client.agent.retrieve(agentId);
  const created = await client.agent.createVersion(agentId, { base_version: version });
  const draft = created as Retell.AgentResponse;
  const engine = engineOf(draft);
  await client.llm.update(engine.llm_id, { version: engine.version, begin_message: prompt });
  await client.agent.publish(agentId, { version: draft.version });
}

/** Edits the latest of the engine, publishes with the operation that takes no version. */
async function editPublishUnnamed({ client, agentId, prompt }: Deployment) {
  const { llm_id: llmId } = engineOf(await client.agent.retrieve(agentId));
  await client.llm.update(llmId, { begin_message: prompt });
  await client.post(`/publish-agent/${agentId}`);
}

/** Edits; makes a version only if the words say that it must; publishes what get-agent names. */
async function editElseFork({ client, agentId, prompt }: Deployment) {
  const { version, ...agent } = await client.agent.retrieve(agentId);
  const { llm_id: llmId } = engineOf({ version, ...agent });
  const edit = () => client.llm.update(llmId, { begin_message: prompt });
  try {
    await edit();
  } catch (error) {
    const isPublished =
      error instanceof Retell.BadRequestError &&
      (error.error as { message: string }).message === 'Cannot update published LLM';
    if (!isPublished) throw error;
    await client.agent.createVersion(agentId, { base_version: version });
    await edit();
  }
  const { version: latest } = await client.agent.retrieve(agentId);
  await client.agent.publish(agentId, { version: latest });
}

/** Says what the latest published version says, and a batch on its engine, and a caller, hear. */
async function live(workspace: Workspace, agentId: string) {
  const client = clientOf(workspace);
  const agent = await client.agent.retrieve(agentId, { version: 'latest_published' });
  const { llm_id: llmId, version } = engineOf(agent);
  const llm = await client.llm.retrieve(llmId, { version });
  const batch = await client.tests.createBatchTest({
    response_engine: { type: 'retell-llm', llm_id: llmId, version },
    test_case_definition_ids: ['test_case_pass'],
  });
  await workspace.settle();
  const { items } = await client.tests.listTestRuns(batch.test_case_batch_job_id);
  const snapshot = items[0]?.transcript_snapshot as { transcript: { content: string }[] };
  const heard = await client.playground.completion(agentId, {
    ...{ version: 'latest_published', messages: [] },
  });
  return {
    isPublished: [agent.is_published, llm.is_published],
    sameNumber: agent.version === version,
    read: llm.begin_message,
    tested: snapshot.transcript[0]?.content,
    heard: (heard.messages[0] as { content: string }).content,
  };
}

async function prepare() {
  const emulator = await start();
  const workspace = emulator.workspace('key_deploy');
  const client = clientOf(workspace);
  const llm = await client.llm.create({ begin_message: 'Old', start_speaker: 'agent' });
  const response_engine = { type: 'retell-llm', llm_id: llm.llm_id } as const;
  const agent = await client.agent.create({ voice_id: 'v', response_engine });
  return { workspace, client, agentId: agent.agent_id };
}

describe('a deploy script', () => {
  it.each([
    ['makes a version, edits it, publishes it', forkEditPublish],
    ['publishes without naming a version', editPublishUnnamed],
    ['edits, and makes a version only if it is refused', editElseFork],
  ])('that %s publishes its prompt each time that it runs', async (_how, deploy) => {
    const { workspace, client, agentId } = await prepare();
    for (const prompt of ['First', 'Second', 'Second', 'Third']) {
      await deploy({ client, agentId, prompt });
      expect(await live(workspace, agentId)).toEqual({
        ...{ isPublished: [true, true], sameNumber: true },
        ...{ read: prompt, tested: prompt, heard: prompt },
      });
    }
  });

  it('that creates no version gets an error, and the published version stays', async () => {
    const { workspace, client, agentId } = await prepare();
    const edit = async (prompt: string) => {
      const { version, ...agent } = await client.agent.retrieve(agentId);
      const { llm_id: llmId } = engineOf({ version, ...agent });
      await client.llm.update(llmId, { begin_message: prompt });
      await client.agent.publish(agentId, { version });
    };
    await edit('First');
    await expect(edit('Second')).rejects.toThrow('Cannot update published LLM');
    expect(await live(workspace, agentId)).toMatchObject({ heard: 'First', tested: 'First' });
  });

  it('that left a draft can run again', async () => {
    const { workspace, client, agentId } = await prepare();
    await forkEditPublish({ client, agentId, prompt: 'First' });
    await client.agent.createVersion(agentId, { base_version: 1 });
    await editElseFork({ client, agentId, prompt: 'Second' });
    expect(await live(workspace, agentId)).toMatchObject({ heard: 'Second', read: 'Second' });
  });
});

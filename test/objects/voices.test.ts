import { afterAll, describe, expect, it } from 'vitest';
import { buildTestApp } from '../support/emulator.js';
import { asForm } from '../support/forms.js';

const { client: clientOf } = buildTestApp({ atEnd: afterAll });
let keys = 0;
const newClient = () => clientOf(`key_voices_${String((keys += 1))}`);

interface Voice {
  voice_id: string;
  voice_name: string;
}

const list = (client: ReturnType<typeof newClient>) => client.call<Voice[]>('GET', '/list-voices');

const recording = { file: 'a.mp3', content: 'sound' };
const clone = (client: ReturnType<typeof newClient>, body: object) =>
  client.send({ method: 'POST', url: '/clone-voice', ...asForm(body) });

describe('voices', () => {
  it('are twenty from the start, with the ids that clients use', async () => {
    const client = newClient();
    const voices = await list(client);
    expect(voices).toHaveLength(20);
    const ids = voices.map(({ voice_id: id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['11labs-Adrian', 'retell-Cimo', 'openai-Alloy']));
    expect(await client.call('GET', '/get-voice/retell-Cimo')).toMatchObject({
      ...{ voice_name: 'Cimo', provider: 'platform', gender: 'female' },
    });
  });

  it('that do not exist get the words of the real service', async () => {
    expect(await newClient().send({ method: 'GET', url: '/get-voice/x' })).toMatchObject({
      status: 404,
      body: { status: 'error', message: 'Item x not found from voice' },
    });
  });

  it('are cloned from files', async () => {
    const client = newClient();
    const { status, body } = await clone(client, {
      ...{ voice_name: 'Ann', voice_provider: 'elevenlabs', files: [recording, recording] },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ voice_name: 'Ann', provider: 'elevenlabs' });
    expect(body['voice_id']).toMatch(/^custom_voice_[0-9a-f]{26}$/);
    expect(await list(client)).toHaveLength(21);
    expect(await client.call('GET', `/get-voice/${String(body['voice_id'])}`)).toEqual(body);
    expect(await list(newClient())).toHaveLength(20);
  });

  it.each([
    ['cartesia', 2],
    ['minimax', 2],
    ['inworld', 4],
    ['elevenlabs', 26],
    ['elevenlabs', 0],
  ])('are not cloned for %s from %i files', async (provider, count) => {
    const files = Array.from({ length: count }, () => recording);
    const body = { voice_name: 'Ann', voice_provider: provider, files };
    expect(await clone(newClient(), body)).toMatchObject({ status: 400 });
  });

  it('are found at a provider, and added', async () => {
    const client = newClient();
    const { voices } = await client.call<{
      voices: { name: string; provider_voice_id: string; public_user_id?: string }[];
    }>('POST', '/search-community-voice', { search_query: 'WARM' });
    expect(voices.map(({ name }) => name)).toEqual(['Ava', 'Diego']);
    const [found] = voices;
    const { provider_voice_id: id, public_user_id: owner } = found ?? {};
    const added = await client.call<Voice>('POST', '/add-community-voice', {
      ...{ provider_voice_id: id, public_user_id: owner, voice_name: 'Mine' },
    });
    expect(added).toMatchObject({ voice_name: 'Mine', gender: 'female', provider: 'elevenlabs' });
    expect((await list(client))[0]).toEqual(added);
    const none = { search_query: 'nobody', voice_provider: 'cartesia' };
    expect(await client.call('POST', '/search-community-voice', none)).toEqual({ voices: [] });
  });

  it('of ElevenLabs are added without their owner, with a warning', async () => {
    const client = newClient();
    const body = { provider_voice_id: 'a', voice_name: 'Mine' };
    await client.call('POST', '/add-community-voice', body);
    expect(await client.call('GET', '/_emulator/requests')).toMatchObject({
      items: [{ warnings: [expect.stringContaining('public_user_id')] }],
    });
  });

  it('of fixtures are there, and take the place of others with their ids', async () => {
    const client = newClient();
    const voice = {
      voice_id: 'retell-Cimo',
      voice_name: 'C',
      provider: 'platform',
      gender: 'male',
    };
    await client.call('POST', '/_emulator/fixtures', { voices: [voice] });
    expect(await client.call('GET', '/get-voice/retell-Cimo')).toMatchObject(voice);
    expect(await list(client)).toHaveLength(20);
    const { voices } = await client.call<{ voices: object[] }>('GET', '/_emulator/export');
    expect(voices).toMatchObject([voice]);
    expect(
      await client.send({
        method: 'POST',
        url: '/_emulator/fixtures',
        payload: { voices: [voice] },
      }),
    ).toMatchObject({ status: 409 });
  });
});

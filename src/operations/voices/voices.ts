import {
  listCommunityVoices,
  previewOf,
  seedVoices,
  type Voice,
} from '../../domain/objects/seed-voices.js';
import type { StoredObject } from '../../domain/objects/stored-object.js';
import { uploadedFiles } from '../../domain/requests/uploaded-file.js';
import { ApiError, MissingError } from '../../errors.js';
import { keyedChance } from '../../random.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { createObject, toWire } from '../objects/objects.js';
import {
  findWorkspace,
  refuseWithoutCredit,
  warning,
  type Caller,
  type Operation,
  type Services,
} from '../operation.js';

// Stored content was validated when it was written.
const toVoice = (object: StoredObject): Voice =>
  ({ preview_audio_url: previewOf(object.id), ...toWire('voice', object) }) as unknown as Voice;

/** The caller's own voices, the newest first. */
function ownVoices(services: Services, caller: Caller): Voice[] {
  const workspace = findWorkspace(services, caller);
  if (workspace === undefined) return [];
  const { objects } = services.store;
  const list = { workspaceId: workspace.id, kind: 'voice', order: 'descending' } as const;
  return Array.from(objects.listPage(list), toVoice);
}

export const listVoices: Operation<'listVoices'> = (services, caller) => {
  const own = ownVoices(services, caller);
  // A voice of fixtures takes the place of one that every workspace has.
  const ids = new Set(own.map(({ voice_id: id }) => id));
  return [...own, ...seedVoices.filter(({ voice_id: id }) => !ids.has(id))];
};

export const getVoice: Operation<'getVoice'> = (services, caller, { params: { voice_id: id } }) => {
  const workspace = findWorkspace(services, caller);
  const list = workspace && ({ workspaceId: workspace.id, kind: 'voice' } as const);
  const own = list && services.store.objects.find(list, id);
  const voice = own ? toVoice(own) : seedVoices.find((seed) => seed.voice_id === id);
  if (voice === undefined) throw new MissingError(id, 'voice', 'unprocessable');
  return voice;
};

/** Documented: the most files that a provider takes, if it takes fewer than all. */
const mostFiles: Readonly<Record<string, number>> = { cartesia: 1, minimax: 1, inworld: 3 };

export const cloneVoice: Operation<'cloneVoice'> = (services, caller, { body }) => {
  const { voice_name: name, voice_provider: provider } = body;
  const files = uploadedFiles(body.files);
  const most = mostFiles[provider] ?? Infinity;
  if (files.length > most) {
    const problem = `body/files must NOT have more than ${String(most)} items for ${provider}`;
    throw new ApiError('invalid_request', problem);
  }
  return addVoice(services, caller, { voice_name: name, provider });
};

export const searchCommunityVoice: Operation<'searchCommunityVoice'> = (
  _services,
  _caller,
  { body: { search_query: query, voice_provider: provider = 'elevenlabs' } },
) => {
  const text = query.toLowerCase();
  const found = listCommunityVoices(provider).filter((voice) =>
    [voice.name, voice.description, voice.id].some((part) => part.toLowerCase().includes(text)),
  );
  return {
    voices: found.map(({ id, name, description, userId }) => ({
      ...{ provider_voice_id: id, name, description },
      ...(userId !== undefined && { public_user_id: userId }),
    })),
  };
};

export const addCommunityVoice: Operation<'addCommunityVoice'> = (services, caller, { body }) => {
  const { provider_voice_id: id, voice_name: name, voice_provider: provider = 'elevenlabs' } = body;
  if (provider === 'elevenlabs' && body.public_user_id === undefined) {
    caller.warnLater?.(
      warning('the real service needs body/public_user_id for a voice of elevenlabs'),
    );
  }
  const gender = listCommunityVoices(provider).find((voice) => voice.id === id)?.gender;
  return addVoice(services, caller, {
    ...{ voice_name: name, provider },
    ...(gender && { gender }),
  });
};

type NewVoice = Pick<Voice, 'voice_name' | 'provider'> & Partial<Pick<Voice, 'gender'>>;

/** @throws ApiError 402 without credit */
function addVoice(services: Services, caller: Caller, voice: NewVoice): Voice {
  const workspace = services.workspaces.open(caller.workspace);
  refuseWithoutCredit(workspace);
  return toVoice(
    createObject(services, workspace, 'voice', (ordinal) => ({
      content: { gender: genderOf(workspace, ordinal), ...voice },
    })),
  );
}

/** Nothing says which one a recording has. */
const genderOf = ({ settings, name }: Workspace, ordinal: number): Voice['gender'] =>
  keyedChance(settings.seed)('voice', name, ordinal) < 0.5 ? 'female' : 'male';

import type { components } from '../../contract/retell.gen.js';
import { objectKinds } from '../../domain/objects/kinds.js';
import {
  contentOf,
  toWireKnowledgeBase,
  type KnowledgeBaseContent,
  type StoredSource,
} from '../../domain/objects/knowledge-base.js';
import type { ObjectContent, StoredObject } from '../../domain/objects/stored-object.js';
import { uploadedFiles } from '../../domain/requests/uploaded-file.js';
import { ApiError, MissingError } from '../../errors.js';
import { keyedId } from '../../random.js';
import { drawIndexing, drawTime } from '../../simulation/objects/plan.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import {
  changeObject,
  createObject,
  deleteObject,
  findObject,
  listObjects,
  openSettled,
} from '../objects/objects.js';
import { refuseWithoutCredit, type Operation } from '../operation.js';

type Schemas = components['schemas'];

const { defaults } = objectKinds['knowledge-base'];

const stored = (content: KnowledgeBaseContent): ObjectContent =>
  content as unknown as ObjectContent;

/** In its wire shape, now. */
function toKnowledgeBase(
  { now, settings }: Workspace,
  object: StoredObject,
): Schemas['KnowledgeBase'] {
  const { duration } = settings.knowledgeBases;
  const refreshTime = duration.kind === 'range' ? duration.from : duration.median;
  return toWireKnowledgeBase(object, now, refreshTime);
}

export const createKnowledgeBase: Operation<'createKnowledgeBase'> = async (
  services,
  caller,
  { body },
) => {
  const {
    knowledge_base_name: name,
    max_chunk_size: max = defaults.max_chunk_size,
    min_chunk_size: min = defaults.min_chunk_size,
    enable_auto_refresh: refreshes,
  } = body;
  if (min >= max) {
    throw new ApiError('invalid_request', 'body/min_chunk_size must be < max_chunk_size');
  }
  const workspace = await openSettled(services, caller);
  // Documented: some are free. The emulator counts credit in runs and takes none for it.
  refuseWithoutCredit(workspace);
  const object = createObject(services, workspace, 'knowledge-base', (ordinal) => ({
    ...planIndexing(workspace, ordinal, 'in_progress'),
    content: stored({
      knowledge_base_name: name,
      max_chunk_size: max,
      min_chunk_size: min,
      ...(refreshes !== undefined && { enable_auto_refresh: refreshes }),
      knowledge_base_sources: [],
      next: nextOf(workspace, ordinal, body, []),
    }),
  }));
  return toKnowledgeBase(workspace, object);
};

function planIndexing(workspace: Workspace, ordinal: number, status: string) {
  const { duration } = workspace.settings.knowledgeBases;
  return { status, nextAt: workspace.now + drawTime(workspace, duration, 'indexing', ordinal) };
}

/** What a knowledge base becomes when these sources were read, and those that were under way. */
const nextOf = (
  workspace: Workspace,
  ordinal: number,
  added: Schemas['AddedSources'],
  underWay: readonly StoredSource[],
): NonNullable<KnowledgeBaseContent['next']> => ({
  status: drawIndexing(workspace, ordinal),
  addedSources: [...underWay, ...sourcesOf(workspace, ordinal, added)],
});

/** Where the real service would have a file or a text. The emulator has neither. */
const storage = 'https://knowledge.retell-emulator.invalid';

function sourcesOf(
  { settings, name }: Workspace,
  ordinal: number,
  {
    knowledge_base_texts: texts = [],
    knowledge_base_urls: urls = [],
    knowledge_base_files: files = [],
  }: Schemas['AddedSources'],
): StoredSource[] {
  let index = 0;
  const newId = (): string => keyedId('source', settings.seed, name, ordinal, (index += 1));
  return [
    ...texts.map(({ title }): StoredSource => {
      const id = newId();
      return { type: 'text', source_id: id, title, content_url: `${storage}/${id}.txt` };
    }),
    ...urls.map((url): StoredSource => ({ type: 'url', source_id: newId(), url })),
    ...uploadedFiles(files).map(({ filename, size, sha256 }): StoredSource => {
      const id = newId();
      const url = `${storage}/${id}/${encodeURIComponent(filename)}`;
      return {
        ...{ type: 'document', source_id: id, filename, file_url: url, file_size: size },
        sha256,
      };
    }),
  ];
}

export const getKnowledgeBase: Operation<'getKnowledgeBase'> = async (
  services,
  caller,
  { params },
) => {
  const found = await findObject(services, caller, 'knowledge-base', params.knowledge_base_id);
  return toKnowledgeBase(found.workspace, found.object);
};

export const listKnowledgeBases: Operation<'listKnowledgeBases'> = async (services, caller) => {
  const { workspace, objects } = await listObjects(services, caller, 'knowledge-base');
  return workspace === undefined
    ? []
    : Array.from(objects, (object) => toKnowledgeBase(workspace, object));
};

export const deleteKnowledgeBase: Operation<'deleteKnowledgeBase'> = async (
  services,
  caller,
  { params },
) => {
  const id = params.knowledge_base_id;
  deleteObject(services, await findObject(services, caller, 'knowledge-base', id));
  return undefined;
};

export const addKnowledgeBaseSources: Operation<'addKnowledgeBaseSources'> = async (
  services,
  caller,
  { params, body },
) => {
  const id = params.knowledge_base_id;
  const found = await findObject(services, caller, 'knowledge-base', id);
  const { workspace, object } = found;
  refuseWithoutCredit(workspace);
  const ordinal = services.store.now((writer) =>
    writer.workspaces.takeOrdinal(workspace.id, 'object'),
  );
  const content = contentOf(object);
  const underWay = content.next?.addedSources ?? [];
  const status = object.status === 'in_progress' ? 'in_progress' : 'refreshing_in_progress';
  const changed = changeObject(services, found, {
    ...planIndexing(workspace, ordinal, status),
    content: stored({ ...content, next: nextOf(workspace, ordinal, body, underWay) }),
  });
  return toKnowledgeBase(workspace, changed);
};

export const deleteKnowledgeBaseSource: Operation<'deleteKnowledgeBaseSource'> = async (
  services,
  caller,
  { params: { knowledge_base_id: id, source_id: sourceId } },
) => {
  const found = await findObject(services, caller, 'knowledge-base', id);
  const content = contentOf(found.object);
  const sources = content.knowledge_base_sources;
  const rest = sources.filter(({ source_id: one }) => one !== sourceId);
  if (rest.length === sources.length) throw new MissingError(sourceId, 'source', 'unprocessable');
  const changed = changeObject(services, found, {
    content: stored({ ...content, knowledge_base_sources: rest }),
  });
  return toKnowledgeBase(found.workspace, changed);
};

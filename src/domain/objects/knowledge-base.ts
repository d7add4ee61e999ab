import type { components } from '../../contract/retell.gen.js';
import type { StoredObject } from './stored-object.js';

type KnowledgeBase = components['schemas']['KnowledgeBase'];
export type Source = components['schemas']['KnowledgeBaseSource'];

/** A source as it is stored. A file is not kept; its digest says which it was. */
export type StoredSource = Source & { readonly sha256?: string };

/** What is stored of a knowledge base. */
export interface KnowledgeBaseContent {
  readonly knowledge_base_name: string;
  readonly max_chunk_size: number;
  readonly min_chunk_size: number;
  readonly enable_auto_refresh?: boolean;
  readonly last_refreshed_timestamp?: number;
  readonly error_messages?: readonly string[];
  readonly knowledge_base_sources: readonly StoredSource[];
  /** What it becomes at its next state. */
  readonly next?: {
    readonly status: 'complete' | 'error';
    readonly addedSources: readonly StoredSource[];
  };
}

/** The type of its content is checked when it is written. */
export const contentOf = (object: StoredObject): KnowledgeBaseContent =>
  object.content as unknown as KnowledgeBaseContent;

/** Documented: the sources are there once it is complete. */
export function afterIndexing(object: StoredObject, at: number): StoredObject {
  const content = contentOf(object);
  const { status = 'complete', addedSources = [] } = content.next ?? {};
  const isFirst = object.status === 'in_progress';
  // Documented: an error is one of the first indexing.
  const hasFailed = status === 'error';
  return {
    ...object,
    ...{ status: hasFailed && isFirst ? 'error' : 'complete', nextAt: null },
    modifiedAt: Math.max(at, object.modifiedAt),
    content: {
      ...without(content, ['next', 'error_messages']),
      ...(content.enable_auto_refresh === true && { last_refreshed_timestamp: at }),
      ...(hasFailed
        ? { error_messages: addedSources.map((source) => `Could not index ${labelOf(source)}.`) }
        : { knowledge_base_sources: [...content.knowledge_base_sources, ...addedSources] }),
    },
  };
}

const labelOf = (source: StoredSource): string =>
  source.type === 'url' ? source.url : source.type === 'text' ? source.title : source.filename;

const dayMs = 24 * 60 * 60_000;

/**
 * In its wire shape, at a moment. Documented: URLs are read again once a day if `enable_auto_refresh` is true.
 * That follows from the moment alone, so that a clock can come to rest.
 * @param duration how long that takes.
 */
export function toWireKnowledgeBase(
  object: StoredObject,
  now: number,
  duration: number,
): KnowledgeBase {
  const content = contentOf(object);
  const { knowledge_base_sources: sources, error_messages: errors } = content;
  const { last_refreshed_timestamp: last } = content;
  const refreshes =
    object.status === 'complete' &&
    last !== undefined &&
    content.enable_auto_refresh === true &&
    sources.some(({ type }) => type === 'url');
  const begun = refreshes ? Math.floor((now - last) / dayMs) : 0;
  const isRefreshing = refreshes && begun > 0 && now < last + begun * dayMs + duration;
  const ended = isRefreshing ? begun - 1 : begun;
  return {
    knowledge_base_id: object.id,
    ...without(content, ['next', 'knowledge_base_sources', 'error_messages']),
    ...(errors && { error_messages: [...errors] }),
    ...(last !== undefined && {
      last_refreshed_timestamp: last + ended * dayMs + (ended > 0 ? duration : 0),
    }),
    status: isRefreshing ? 'refreshing_in_progress' : (object.status as KnowledgeBase['status']),
    // Documented: not there until it was complete once.
    ...(object.status !== 'in_progress' && {
      knowledge_base_sources: sources.map((source) => without(source, ['sha256']) as Source),
    }),
  };
}

const without = <Value extends object, Name extends string>(
  value: Value,
  names: readonly Name[],
): Omit<Value, Name> =>
  Object.fromEntries(
    Object.entries(value).filter(([name]) => !(names as readonly string[]).includes(name)),
  ) as Omit<Value, Name>;

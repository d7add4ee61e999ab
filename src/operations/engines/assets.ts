import type { AssetContent, AssetKind, AssetVersion } from '../../domain/engines/asset.js';
import { findAssetMistake, type AssetMistake } from '../../domain/engines/asset-mistakes.js';
import type { EngineType } from '../../domain/engines/response-engine.js';
import { ApiError, MissingError, type ErrorCode } from '../../errors.js';
import { keyedId } from '../../random.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import type { AssetName, StoredAssetVersion } from '../../store/assets.js';
import type { StoreWriter } from '../../store/store.js';
import { findWorkspace, type Caller, type Services } from '../operation.js';
import { toArraySlowly, type Source } from '../gathering.js';
import { limitError, readPageQuery, toPageSlowly } from '../paging.js';

/** Creates an asset with its first version, 0. */
export function createAsset(
  { store, workspaces }: Services,
  caller: Caller,
  kind: AssetKind,
  toContent: (workspace: Workspace) => AssetContent,
): StoredAssetVersion {
  const workspace = workspaces.open(caller.workspace);
  const { id: workspaceId, name, now: modifiedAt, settings } = workspace;
  return store.now((writer, attempt) => {
    const content = toContent(workspace);
    refuseMistake(findAssetMistake(kind, content));
    const ordinal = writer.workspaces.takeOrdinal(workspaceId, 'asset');
    const id = keyedId(kind, settings.seed, name, ordinal, attempt);
    const asset = { workspaceId, kind, id };
    writer.assets.insert(asset, { content, baseVersion: null, modifiedAt });
    const made = writer.assets.find(asset);
    if (made === undefined) throw new MissingError(id, kind);
    return made;
  });
}

/** The error by which an operation says that there is no such asset. Documented for each operation. */
export type MissingCode = 'not_found' | 'unprocessable';

/** An asset of the caller's workspace, in the requested version or else the latest. */
export interface FoundAsset {
  readonly workspace: Workspace;
  readonly name: { readonly workspaceId: number; readonly kind: AssetKind; readonly id: string };
  readonly asset: StoredAssetVersion;
}

/** @param otherwise the error if there is none: operations differ. @throws ApiError */
export function getAsset(
  services: Services,
  caller: Caller,
  { kind, id, version }: { kind: AssetKind; id: string; version?: number | string | undefined },
  otherwise: MissingCode = 'unprocessable',
): FoundAsset {
  const workspace = findWorkspace(services, caller);
  if (workspace === undefined) throw new MissingError(id, kind, otherwise);
  const name = { workspaceId: workspace.id, kind, id };
  const asset = findVersion(services.store.assets, name, version);
  if (asset === undefined) throw new MissingError(id, kind, otherwise);
  return { workspace, name, asset };
}

/** Documented: a version is named by its number or by a tag. The emulator has only these two tags. */
function findVersion(
  assets: Services['store']['assets'],
  name: AssetName,
  version: number | string | undefined,
): StoredAssetVersion | undefined {
  if (version === undefined || version === 'latest') return assets.find(name);
  if (version === 'latest_published') return assets.findLatestPublished(name);
  return /^\d+$/.test(String(version)) ? assets.find(name, Number(version)) : undefined;
}

/** Observed: the error by which each kind refuses a change of a published version. */
const publishedCodes = {
  'retell-llm': 'published_llm',
  'conversation-flow': 'published_flow',
  agent: 'published_agent',
} as const satisfies Record<AssetKind, ErrorCode>;

/**
 * Refuses to change a published version. Observed: the title of an agent's version may still change.
 * @throws ApiError
 */
export function refusePublished({ name, asset }: FoundAsset, change: AssetContent): void {
  if (!asset.isPublished) return;
  const isTitle = Object.keys(change).every((property) => property === 'version_title');
  if (name.kind === 'agent' && isTitle) return;
  throw new ApiError(publishedCodes[name.kind]);
}

/** Changes the properties that are given. @throws ApiError if the version is published */
export function changeAsset(
  services: Services,
  asset: FoundAsset,
  change: AssetContent,
): AssetVersion {
  refusePublished(asset, change);
  return services.store.together((writer) => writeChange(writer, asset, change));
}

/** Changes the properties that are given, whether the version is published or not. */
export function writeChange(
  writer: StoreWriter,
  { workspace, name, asset }: FoundAsset,
  change: AssetContent,
): AssetVersion {
  const content = { ...asset.content, ...change };
  // An update with no differences writes nothing.
  if (JSON.stringify(content) === JSON.stringify(asset.content)) return asset;
  // Content from before this check existed may have a mistake; its other parts can still be changed.
  if (findAssetMistake(name.kind, asset.content) === undefined) {
    refuseMistake(findAssetMistake(name.kind, content));
  }
  const modifiedAt = Math.max(workspace.now, asset.modifiedAt);
  writer.assets.change(name, asset.version, content, modifiedAt);
  return { ...asset, content, modifiedAt };
}

/**
 * Deletes an LLM or a flow. Documented: refused while an agent uses it, unless `force_delete` is true.
 * @throws ApiError
 */
export function deleteEngine(
  services: Services,
  caller: Caller,
  { kind, id, isForced }: { kind: EngineType; id: string; isForced: boolean },
): void {
  const { name } = getAsset(services, caller, { kind, id }, notFoundCodes[kind]);
  const { assets } = services.store;
  const users = isForced ? [] : [...new Set(assets.listPins(name).map(({ agentId }) => agentId))];
  if (users.length > 0) {
    const named = users.slice(0, maxNamed).join(', ');
    const rest = users.length - maxNamed;
    const others = rest > 0 ? ` and ${String(rest)} more` : '';
    const detail = `${id} is used by ${named}${others}; force_delete=true deletes it anyway.`;
    throw new ApiError('engine_in_use', detail);
  }
  services.store.together((writer) => writer.assets.delete(name));
}

/** The most agents that a refusal names. */
const maxNamed = 3;

/** Documented: 404 for flows, 422 for LLMs. */
const notFoundCodes = {
  'retell-llm': 'unprocessable',
  'conversation-flow': 'not_found',
} as const satisfies Record<EngineType, MissingCode>;

interface AssetPageQuery {
  readonly limit?: number;
  readonly pagination_key?: string;
  readonly sort_order?: 'ascending' | 'descending';
}

/** A page of assets, each in its latest version; only those that pass the filter, if there is one. */
export function listAssets<Wire extends object>(
  services: Services,
  caller: Caller,
  kind: AssetKind,
  query: AssetPageQuery,
  toWire: (asset: StoredAssetVersion) => Wire,
  passes?: { readonly key: string; readonly test: (asset: StoredAssetVersion) => boolean },
) {
  const { sort_order: order = 'descending' } = query;
  const { store } = services;
  const list = [kind, caller.workspace, order, passes?.key ?? ''];
  const page = readPageQuery(query, list);
  const limit = passes === undefined ? page.limit + 1 : undefined;
  const assets = (last: StoredAssetVersion | undefined): Iterable<StoredAssetVersion> => {
    const workspace = findWorkspace(services, caller);
    if (workspace === undefined) return [];
    const after = last?.position ?? page.after;
    return store.assets.listPage({ kind, order, after, workspaceId: workspace.id, limit });
  };
  const source = {
    list: passes === undefined ? assets : (last) => thoseThat(passes.test, assets(last)),
    toWire,
    turn: () => services.clock.turn(),
  } satisfies Source<StoredAssetVersion, Wire>;
  return toPageSlowly(source, page, list);
}

function* thoseThat<Item>(pass: (item: Item) => boolean, items: Iterable<Item>): Generator<Item> {
  for (const item of items) if (pass(item)) yield item;
}

interface LegacyPageQuery {
  readonly limit?: number;
  readonly pagination_key?: string;
  readonly pagination_key_version?: number | string;
}

/**
 * Versions of all assets, or only the latest of each, the newest first. Starts after the version that the
 * query names.
 * @param successor the path of the list that has pages.
 */
export function listAssetVersions<Wire>(
  services: Services,
  caller: Caller,
  { kind, query, isLatest = false, passes }: AssetVersionList,
  toWire: (asset: StoredAssetVersion) => Wire,
  successor: string,
): Promise<Wire[]> {
  const { limit = 1000, pagination_key: id = '', pagination_key_version: version = '' } = query;
  if (limit < 1) throw limitError();
  const { assets } = services.store;
  const list = (last: Listed | undefined): Iterable<StoredAssetVersion> => {
    const workspace = findWorkspace(services, caller);
    if (workspace === undefined) return [];
    const all = { workspaceId: workspace.id, kind };
    const range = { ...all, limit: passes === undefined ? limit : undefined };
    const after = last ?? (id === '' ? undefined : findListed(assets, { ...all, id }, version));
    const listed = isLatest
      ? assets.listPage({ ...range, after: after?.position, order: 'descending' })
      : assets.listAllVersions({ ...range, after });
    return passes === undefined ? listed : thoseThat(passes, listed);
  };
  return toArraySlowly({ list, toWire, turn: () => services.clock.turn() }, successor, limit);
}

interface AssetVersionList {
  readonly kind: AssetKind;
  readonly query: LegacyPageQuery;
  readonly isLatest?: boolean | undefined;
  /** Tells which versions are listed; all if absent. */
  readonly passes?: (asset: StoredAssetVersion) => boolean;
}

type Listed = Pick<StoredAssetVersion, 'position' | 'version'>;

/** The last listed version; all versions of the asset count as listed if the query names none. */
function findListed(
  assets: Services['store']['assets'],
  name: AssetName,
  version: number | string,
) {
  const asset = assets.find(name, version === '' ? undefined : Number(version));
  if (asset === undefined) {
    throw new ApiError('invalid_request', 'query/pagination_key must be the id of a listed one');
  }
  return version === '' ? { ...asset, version: 0 } : asset;
}

function refuseMistake(mistake: AssetMistake | undefined): void {
  if (mistake === undefined) return;
  throw new ApiError('invalid_request', `body${mistake.path} ${mistake.problem}`);
}

import type { AssetContent, AssetKind, AssetVersion } from '../domain/asset.js';
import { ApiError, type ErrorCode } from '../errors.js';
import { keyedId } from '../random.js';
import type { Workspace } from '../simulation/workspace.js';
import type { AssetName, StoredAssetVersion } from '../store/assets.js';
import { findWorkspace, type Caller, type Services } from './operation.js';
import { readPageQuery, toPage } from './paging.js';

/** Makes an asset with its first version, 0. */
export function createAsset(
  { store, workspaces }: Services,
  caller: Caller,
  kind: AssetKind,
  toContent: (workspace: Workspace) => AssetContent,
): StoredAssetVersion {
  const workspace = workspaces.open(caller.workspace);
  const { id: workspaceId, name, now: modifiedAt, settings } = workspace;
  return store.transactionWithNewIds((attempt) => {
    const ordinal = store.workspaces.takeOrdinal(workspaceId, 'asset');
    const id = keyedId(kind, settings.seed, name, ordinal, attempt);
    const asset = { workspaceId, kind, id };
    store.assets.insert(asset, { content: toContent(workspace), baseVersion: null, modifiedAt });
    return found(store.assets.find(asset));
  });
}

/** An asset of the caller's workspace, in the version asked for, or the latest. */
export interface FoundAsset {
  readonly workspace: Workspace;
  readonly name: { readonly workspaceId: number; readonly kind: AssetKind; readonly id: string };
  readonly asset: StoredAssetVersion;
}

/** @param otherwise what to answer if there is none: contracts differ. @throws ApiError */
export function getAsset(
  services: Services,
  caller: Caller,
  { kind, id, version }: { kind: AssetKind; id: string; version?: number | string | undefined },
  otherwise: ErrorCode = 'unprocessable',
): FoundAsset {
  const workspace = findWorkspace(services, caller);
  if (workspace === undefined) throw new ApiError(otherwise);
  const name = { workspaceId: workspace.id, kind, id };
  const number = version === undefined ? undefined : Number(version);
  // Documented: a version may be named by a tag. There are no tags here, so none has it.
  const asset = Number.isNaN(number) ? undefined : services.store.assets.find(name, number);
  return { workspace, name, asset: found(asset, otherwise) };
}

/** Changes the properties that are given. @throws ApiError 400 if the version is published */
export function changeAsset(
  { store }: Services,
  { workspace, name, asset }: FoundAsset,
  change: AssetContent,
): AssetVersion {
  if (asset.isPublished) {
    const fault = `version ${String(asset.version)} of ${asset.id} is published and cannot be changed`;
    throw new ApiError('invalid_request', fault);
  }
  const content = { ...asset.content, ...change };
  // A change that changes nothing is none.
  if (JSON.stringify(content) === JSON.stringify(asset.content)) return asset;
  const modifiedAt = Math.max(workspace.now, asset.modifiedAt);
  store.assets.change(name, asset.version, content, modifiedAt);
  return { ...asset, content, modifiedAt };
}

export function deleteAsset(services: Services, caller: Caller, kind: AssetKind, id: string): void {
  const { name } = getAsset(services, caller, { kind, id }, notFoundCodes[kind]);
  services.store.assets.delete(name);
}

/** Documented: 404 for flows, 422 for the others. */
const notFoundCodes = {
  'retell-llm': 'unprocessable',
  'conversation-flow': 'not_found',
  agent: 'unprocessable',
} as const satisfies Record<AssetKind, ErrorCode>;

interface AssetPageQuery {
  readonly limit?: number;
  readonly pagination_key?: string;
  readonly sort_order?: 'ascending' | 'descending';
}

/** A page of assets, the latest version of each; all that pass the filter, if there is one. */
export function listAssets<Wire>(
  { store, ...services }: Services,
  caller: Caller,
  kind: AssetKind,
  query: AssetPageQuery,
  toWire: (asset: StoredAssetVersion) => Wire,
  passes?: { readonly key: string; readonly test: (asset: StoredAssetVersion) => boolean },
) {
  const { sort_order: order = 'descending' } = query;
  const list = [kind, caller.workspace, order, passes?.key ?? ''];
  const page = readPageQuery(query, list);
  const workspace = findWorkspace({ store, ...services }, caller);
  const range = { kind, after: page.after, order };
  const limit = passes === undefined ? page.limit + 1 : undefined;
  const assets =
    workspace === undefined
      ? []
      : store.assets.listPage({ ...range, workspaceId: workspace.id, limit });
  const passing = passes === undefined ? assets : assets.filter(passes.test);
  return toPage(passing.slice(0, page.limit + 1), page, list, toWire);
}

interface LegacyPageQuery {
  readonly limit?: number;
  readonly pagination_key?: string;
  readonly pagination_key_version?: number | string;
}

/**
 * Versions of all assets, or only the latest of each, the newest first, from behind the one that
 * the query names.
 */
export function listAssetVersions(
  services: Services,
  caller: Caller,
  kind: AssetKind,
  query: LegacyPageQuery,
  isLatest = false,
): StoredAssetVersion[] {
  const { limit = 1000, pagination_key: id = '', pagination_key_version: version = '' } = query;
  if (limit < 1) throw new ApiError('invalid_request', 'query/limit must be >= 1');
  const workspace = findWorkspace(services, caller);
  if (workspace === undefined) return [];
  const { assets } = services.store;
  const range = { workspaceId: workspace.id, kind, limit };
  const last = id === '' ? undefined : findListed(assets, { ...range, id }, version);
  return isLatest
    ? assets.listPage({ ...range, after: last?.position, order: 'descending' })
    : assets.listAllVersions({ ...range, after: last });
}

/** Where a list has got to: to a version, or past all of its asset if none is named. */
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

function found<Value>(value: Value | undefined, otherwise: ErrorCode = 'unprocessable'): Value {
  if (value === undefined) throw new ApiError(otherwise);
  return value;
}

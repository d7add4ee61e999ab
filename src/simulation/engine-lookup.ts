import {
  engineIdOf,
  type EngineType,
  type ResponseEngine,
} from '../domain/engines/response-engine.js';
import type { StoreReader } from '../store/store.js';

/** An engine that was found, with its version and its content. */
export interface ResolvedEngine<Engine> {
  readonly engine: Engine;
  /** Null if the workspace has no such engine. */
  readonly contentKey: number | null;
}

/**
 * Finds an engine by id and version; the latest version if none is named.
 * @returns the problem, if the engine exists but not in that version.
 */
export function lookUpEngine<Engine extends ResponseEngine>(
  store: StoreReader,
  workspaceId: number,
  engine: Engine,
): ResolvedEngine<Engine> | { readonly problem: string } {
  const { kind, id } = engineName(engine);
  const name = { workspaceId, kind, id };
  const latest = store.assets.refer(name);
  if (latest === undefined) return { engine, contentKey: null };
  const version = engine.version ?? latest.version;
  const asset = version === latest.version ? latest : store.assets.refer(name, version);
  if (asset === undefined)
    return { problem: `must be a version of ${id}: there is no ${String(version)}` };
  return { engine: { ...engine, version: asset.version }, contentKey: asset.contentKey };
}

export const engineName = (engine: ResponseEngine): { kind: EngineType; id: string } => ({
  kind: engine.type,
  id: engineIdOf(engine),
});

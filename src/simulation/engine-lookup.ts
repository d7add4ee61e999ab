import { engineIdOf, type EngineType, type ResponseEngine } from '../domain/response-engine.js';
import type { Store } from '../store/store.js';

/** An engine as something is made for it: with its version, and what it says. */
export interface ResolvedEngine<Engine> {
  readonly engine: Engine;
  /** Null if there is no such engine here. */
  readonly contentKey: number | null;
}

/**
 * Finds an engine, which takes its latest version if none is named.
 * @returns what is wrong if it is here, but not in that version.
 */
export function lookUpEngine<Engine extends ResponseEngine>(
  store: Store,
  workspaceId: number,
  engine: Engine,
): ResolvedEngine<Engine> | { readonly fault: string } {
  const { kind, id } = engineName(engine);
  const name = { workspaceId, kind, id };
  const latest = store.assets.refer(name);
  if (latest === undefined) return { engine, contentKey: null };
  const version = engine.version ?? latest.version;
  const asset = version === latest.version ? latest : store.assets.refer(name, version);
  if (asset === undefined)
    return { fault: `must be a version of ${id}: there is no ${String(version)}` };
  return { engine: { ...engine, version: asset.version }, contentKey: asset.contentKey };
}

export const engineName = (engine: ResponseEngine): { kind: EngineType; id: string } => ({
  kind: engine.type,
  id: engineIdOf(engine),
});

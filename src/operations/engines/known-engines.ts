import type { AssetContent } from '../../domain/engines/asset.js';
import { readEngine, type Engine } from '../../domain/engines/engine.js';
import type { EngineType } from '../../domain/engines/response-engine.js';
import { cacheByText } from '../../bounded-cache.js';
import type { StoreReader } from '../../store/store.js';

/**
 * The engines that were read last, by type and stored text, so that clients which read run after run do not
 * have them read and indexed again. Nothing makes one stale: it depends on the text alone. The emulators of a
 * process share them.
 */
const engines = cacheByText<Engine>(2_000_000);

/** Reads an engine by the key of its content. */
export function knownEngine({ assets }: StoreReader, type: EngineType, contentKey: number): Engine {
  const text = assets.getContentText(contentKey);
  const key = `${type} ${text}`;
  const known = engines.get(key);
  if (known !== undefined) return known;
  const engine = readEngine(type, JSON.parse(text) as AssetContent);
  engines.set(key, engine);
  return engine;
}

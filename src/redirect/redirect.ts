/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Sends requests for the vendor's host to an emulator, in the process that loads it. For programs that have this
 * host written into them.
 */
import { runInThisContext } from 'node:vm';
import { redirectNodeHttp } from './node-http.js';
import { parseTarget, type CurrentTarget, type Target } from './target.js';
import { redirectUndici } from './undici.js';

export interface RedirectOptions {
  /** The URL of the emulator, such as `emulator.url`. */
  readonly to: string | URL;
}

/** Ends a redirection. A second call has no effect. */
export interface UndoRedirect extends Disposable {
  (): void;
}

/** What the copies of this module in a process share: ESM, CommonJS, and one for each file of a test runner. */
interface Shared {
  /** The newest comes last and is used. */
  readonly targets: Target[];
  /** Used if there is no other. */
  preloaded: Target | undefined;
  stop: (() => void) | undefined;
}

/** Jest gives each test file a global object of its own, which Node's `fetch` does not see. */
const mainGlobal = runInThisContext('globalThis') as Record<symbol, unknown>;
const shared = (mainGlobal[Symbol.for('retell-emulator.redirect')] ??= {
  targets: [],
  preloaded: undefined,
  stop: undefined,
} satisfies Shared) as Shared;

/**
 * Sends requests for api.retellai.com to an emulator, until the returned function is called. It applies to `fetch`,
 * to undici with its global dispatcher, and to `node:http` and `node:https`, in this process only.
 *
 *     const undo = redirectRetell({ to: emulator.url });
 *
 * If it is called again, the newest redirection is used.
 * @throws TypeError if the URL is not that of an emulator.
 */
export function redirectRetell({ to }: RedirectOptions): UndoRedirect {
  const target: Target = { url: parseTarget(to) };
  shared.targets.push(target);
  start();
  const undo = (): void => {
    const index = shared.targets.indexOf(target);
    if (index === -1) return;
    shared.targets.splice(index, 1);
    target.agent?.destroy();
    if (currentTarget() === undefined) stop();
  };
  return Object.assign(undo, { [Symbol.dispose]: undo });
}

/** Redirects until the process ends. @throws TypeError if the URL is not that of an emulator. */
export function redirectFromPreload(to: string): void {
  shared.preloaded = { url: parseTarget(to) };
  start();
}

const currentTarget: CurrentTarget = () => shared.targets.at(-1) ?? shared.preloaded;

function start(): void {
  if (shared.stop !== undefined) return;
  const undoHttp = redirectNodeHttp(currentTarget);
  const undoUndici = redirectUndici(mainGlobal, currentTarget);
  shared.stop = () => {
    undoHttp();
    undoUndici();
  };
}

function stop(): void {
  shared.stop?.();
  shared.stop = undefined;
}

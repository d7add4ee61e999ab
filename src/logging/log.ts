import { createRequire } from 'node:module';
import { isatty } from 'node:tty';
import type { Logger, pino as Pino } from 'pino';
import { lineSinkOf } from './line-sink.js';

const stderr = 2;

/** How long to wait at the end until lines are written. */
const flushMs = 200;

export interface Log {
  readonly logger: Logger;
  /** Writes the lines that are still in memory, but waits only for a short time. */
  flush(): Promise<void>;
}

/** Creates a log on standard error: readable text on a terminal with `pino-pretty`, otherwise JSON lines. */
export async function createLog(level: string): Promise<Log> {
  const sink = lineSinkOf(stderr);
  const isTerminal = isatty(stderr);
  const toText = isTerminal ? await prettyPrinter() : undefined;
  const stream = {
    write(line: string): void {
      sink.write(toText === undefined ? line : toText(line));
    },
  };
  // Loaded here, because most users of the library have no log.
  const pino = createRequire(import.meta.url)('pino') as typeof Pino;
  const logger = pino({ level, base: null }, stream);
  if (isTerminal && toText === undefined) {
    logger.info(
      'install the package pino-pretty next to the emulator to get this log as readable text',
    );
  }
  sink.onCaughtUp((dropped) => {
    logger.warn({ dropped }, 'lines of the log were dropped, because standard error accepted none');
  });
  return { logger, flush: () => sink.flush(flushMs) };
}

/** Warns that timestamps differ from the machine's clock, and says why. */
export function warnOfClocksAhead(
  { clocksAhead: workspaces }: { readonly clocksAhead: number },
  logger: Logger,
): void {
  if (workspaces === 0) return;
  logger.warn(
    { workspaces },
    "the time of some workspaces is ahead of the machine's clock, which was probably wrong before; they continue from their own time",
  );
}

/**
 * Logs when the database can no longer be written, and when it can again. Each refused request also has a
 * line.
 */
export const storageLogger =
  (logger: Logger) =>
  (problem: string | undefined): void => {
    if (problem === undefined) logger.info('the database can be written again');
    else logger.error(`the database cannot be written: ${problem}`);
  };

/** Returns undefined if the user has not installed the package, which is optional. */
async function prettyPrinter(): Promise<((line: string) => string) | undefined> {
  const pretty = await import('pino-pretty').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  });
  return pretty?.prettyFactory({ singleLine: true, translateTime: 'HH:MM:ss.l' }) as
    ((line: string) => string) | undefined;
}

import { isatty } from 'node:tty';
import { pino, type Logger } from 'pino';

const stderr = 2;

export interface Log {
  readonly logger: Logger;
  /** Writes what is still in memory. */
  flush(): void;
}

/** A log to standard error: readable on a terminal, JSON lines elsewhere. */
export async function createLog(level: string): Promise<Log> {
  if (isatty(stderr)) {
    const { default: pretty } = await import('pino-pretty');
    const stream = pretty({
      destination: stderr,
      sync: true,
      singleLine: true,
      translateTime: 'HH:MM:ss.l',
    });
    return { logger: pino({ level, base: null }, stream), flush: () => undefined };
  }
  // Asynchronous, so that a slow reader of the log does not hold up requests.
  const destination = pino.destination({ dest: stderr, sync: false });
  const logger = pino({ level, base: null }, destination);
  return {
    logger,
    flush: () => {
      destination.flushSync();
    },
  };
}

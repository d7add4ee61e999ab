import { fstatSync, write } from 'node:fs';
import { isatty, WriteStream } from 'node:tty';
import { promisify } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { wallClock } from './workspace/clock.js';

/**
 * Writes lines to standard output or standard error, whatever is behind it: a pipe that nobody
 * reads, a full disk, a stopped terminal. It never waits, and never throws. It holds a bounded
 * number of lines; what is beyond is dropped and counted.
 */
export interface LineSink {
  write(line: string): void;
  /** Resolves when all lines were taken, or were tried in vain, or after `deadlineMs`. */
  flush(deadlineMs: number): Promise<void>;
  /** Calls back with the number of lines that were dropped, once lines are taken again. */
  onCaughtUp(tell: (dropped: number) => void): void;
}

/** Takes some of the bytes, and resolves with how many; rejects if it takes none. */
type Put = (bytes: Buffer) => Promise<number>;

/** Characters that may wait to be taken. */
const mostWaiting = 1024 * 1024;

const sinks = new Map<1 | 2, LineSink>();
let dropped = 0;

/** How many lines this process has dropped. */
export const droppedLines = (): number => dropped;

/** @param descriptor 1 is standard output, 2 is standard error. */
export function lineSinkOf(descriptor: 1 | 2): LineSink {
  const known = sinks.get(descriptor);
  if (known !== undefined) return known;
  const sink = lineSink(putTo(descriptor));
  sinks.set(descriptor, sink);
  return sink;
}

function lineSink(put: Put): LineSink {
  const clock = wallClock();
  let lines: string[] = [];
  let charactersInLines = 0;
  /** What was handed over, and not taken yet. */
  let rest = Buffer.alloc(0);
  /** Lines that were dropped since the last time that all were taken. */
  let missed = 0;
  let tellCaughtUp: (dropped: number) => void = () => undefined;
  let draining: Promise<void> | undefined;

  async function drain(): Promise<void> {
    // So that the lines of one turn of the event loop are written at once.
    await clock.turn();
    try {
      while (rest.length > 0 || lines.length > 0) {
        if (rest.length === 0) {
          rest = Buffer.from(lines.join(''));
          lines = [];
          charactersInLines = 0;
        }
        rest = rest.subarray(await put(rest));
        if (missed > 0 && rest.length === 0 && lines.length === 0) catchUp();
      }
    } catch {
      // The next line tries again.
    }
    draining = undefined;
  }

  function catchUp(): void {
    const count = missed;
    missed = 0;
    tellCaughtUp(count);
  }

  return {
    write(line) {
      // Once a line was dropped, those after it are too, until all that wait were taken.
      if (missed > 0 || rest.length + charactersInLines + line.length > mostWaiting) {
        missed += 1;
        dropped += 1;
      } else {
        lines.push(line);
        charactersInLines += line.length;
      }
      draining ??= drain();
    },
    async flush(deadlineMs) {
      if (draining === undefined) return;
      const deadline = new Promise<void>((resolve) => {
        clock.wakeAt(clock.now() + deadlineMs, resolve);
      });
      await Promise.race([draining, deadline]);
    },
    onCaughtUp(tell) {
      tellCaughtUp = tell;
    },
  };
}

function putTo(descriptor: 1 | 2): Put {
  if (isMainThread && isatty(descriptor)) return putToStream(terminal(descriptor));
  const kind = fstatSync(descriptor);
  const isFile = !kind.isFIFO() && !kind.isSocket();
  // A file that fails once may work later, which Node's stream of it would not.
  if (isMainThread && isFile) return putToFile(descriptor);
  // Node's own stream makes a pipe non-blocking. A write to a blocking one would hold up a thread,
  // and with it the end of the process.
  return putToStream(descriptor === 1 ? process.stdout : process.stderr);
}

/** A stream of our own: Node's own writes to a terminal hold the event loop while it is stopped. */
function terminal(descriptor: number): NodeJS.WritableStream {
  const stream = new WriteStream(descriptor);
  const { _handle: handle } = stream as unknown as {
    readonly _handle?: { setBlocking?(isBlocking: boolean): void };
  };
  handle?.setBlocking?.(false);
  return stream;
}

function putToStream(stream: NodeJS.WritableStream): Put {
  // A pipe that was closed, for example. Without a listener it would end the process.
  stream.on('error', () => undefined);
  return (bytes) =>
    new Promise((resolve, reject) => {
      stream.write(bytes, (error) => {
        if (error) reject(error);
        else resolve(bytes.length);
      });
    });
}

function putToFile(descriptor: number): Put {
  const writeBytes = promisify(write);
  return async (bytes) => (await writeBytes(descriptor, bytes)).bytesWritten;
}

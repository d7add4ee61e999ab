import { fstatSync, write } from 'node:fs';
import { isatty, WriteStream } from 'node:tty';
import { promisify } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { wallClock } from '../workspace/clock.js';

/**
 * Writes lines to standard output or standard error. It never waits and never throws, even if the output is a
 * pipe that nobody reads, a full disk or a stopped terminal. It keeps a limited number of characters in
 * memory; more lines are dropped and counted.
 */
export interface LineSink {
  write(line: string): void;
  /** Resolves when all lines have been written or have failed, or after `deadlineMs`. */
  flush(deadlineMs: number): Promise<void>;
  /** Calls back with the number of dropped lines as soon as lines can be written again. */
  onCaughtUp(listener: (dropped: number) => void): void;
}

/** Writes some of the bytes, and resolves with their number. Rejects if it cannot write any. */
type WriteSome = (bytes: Buffer) => Promise<number>;

/** The most characters that may wait to be written. */
const maxWaiting = 1024 * 1024;

const sinks = new Map<1 | 2, LineSink>();
let dropped = 0;

/** The number of lines that this process has dropped. */
export const droppedLines = (): number => dropped;

/** @param descriptor 1 is standard output, 2 is standard error. */
export function lineSinkOf(descriptor: 1 | 2): LineSink {
  const known = sinks.get(descriptor);
  if (known !== undefined) return known;
  const sink = lineSink(putTo(descriptor));
  sinks.set(descriptor, sink);
  return sink;
}

function lineSink(put: WriteSome): LineSink {
  const clock = wallClock();
  let lines: string[] = [];
  let charactersInLines = 0;
  /** The bytes of lines that are being written. */
  let rest = Buffer.alloc(0);
  /** The number of lines that were dropped since all waiting lines were last written. */
  let droppedLately = 0;
  let caughtUpListener: (dropped: number) => void = () => undefined;
  let draining: Promise<void> | undefined;

  async function drain(): Promise<void> {
    // Waits so that all lines of one turn of the event loop are written at once.
    await clock.turn();
    try {
      while (rest.length > 0 || lines.length > 0) {
        if (rest.length === 0) {
          rest = Buffer.from(lines.join(''));
          lines = [];
          charactersInLines = 0;
        }
        rest = rest.subarray(await put(rest));
        if (droppedLately > 0 && rest.length === 0 && lines.length === 0) catchUp();
      }
    } catch {
      // The next line tries again.
    }
    draining = undefined;
  }

  function catchUp(): void {
    const count = droppedLately;
    droppedLately = 0;
    caughtUpListener(count);
  }

  return {
    write(line) {
      // After a dropped line, later lines are dropped, too, until all waiting lines are written.
      if (droppedLately > 0 || rest.length + charactersInLines + line.length > maxWaiting) {
        droppedLately += 1;
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
    onCaughtUp(listener) {
      caughtUpListener = listener;
    },
  };
}

function putTo(descriptor: 1 | 2): WriteSome {
  if (isMainThread && isatty(descriptor)) return putToStream(terminal(descriptor));
  const kind = fstatSync(descriptor);
  const isFile = !kind.isFIFO() && !kind.isSocket();
  // A file that fails once may work later, but Node's stream for it would stay broken.
  if (isMainThread && isFile) return putToFile(descriptor);
  // Node's own stream makes a pipe non-blocking. A write to a blocking pipe would block a thread, and the
  // process could not exit.
  return putToStream(descriptor === 1 ? process.stdout : process.stderr);
}

/** A stream of our own, because Node's own stream blocks the event loop while the terminal is stopped. */
function terminal(descriptor: number): NodeJS.WritableStream {
  const stream = new WriteStream(descriptor);
  const { _handle: handle } = stream as unknown as {
    readonly _handle?: { setBlocking?(isBlocking: boolean): void };
  };
  handle?.setBlocking?.(false);
  return stream;
}

function putToStream(stream: NodeJS.WritableStream): WriteSome {
  // The pipe may be closed, for example. An error without a listener would end the process.
  stream.on('error', () => undefined);
  return (bytes) =>
    new Promise((resolve, reject) => {
      stream.write(bytes, (error) => {
        if (error) reject(error);
        else resolve(bytes.length);
      });
    });
}

function putToFile(descriptor: number): WriteSome {
  const writeBytes = promisify(write);
  return async (bytes) => (await writeBytes(descriptor, bytes)).bytesWritten;
}

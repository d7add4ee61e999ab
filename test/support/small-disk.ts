import { spawnSync } from 'node:child_process';
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './files.js';
import { spawnCommand } from './process.js';

const namespace = ['--user', '--map-root-user', '--mount'];

/** True where a process may mount a file system that only it and its children see. */
export const canMount =
  process.platform === 'linux' &&
  spawnSync('unshare', [...namespace, 'sh', '-c', 'mount -t tmpfs tmpfs /tmp']).status === 0;

/** A file system in memory of a few MiB, seen by processes that its `wrapper` starts. */
export interface SmallDisk {
  readonly folder: string;
  readonly wrapper: readonly string[];
  /** Leaves no byte free. */
  fill(): void;
  empty(): void;
  makeReadOnly(): void;
  makeWritable(): void;
}

export async function mountSmallDisk(size: string): Promise<SmallDisk> {
  const folder = temporaryFolder();
  const script = 'mount -t tmpfs -o "size=$1" tmpfs "$0" && echo mounted && exec sleep infinity';
  const holder = spawnCommand('unshare', [...namespace, 'sh', '-c', script, folder, size], {
    cwd: '/',
  });
  await holder.said(/mounted/);
  const pid = String(holder.pid);
  const wrapper = [
    'nsenter',
    '--target',
    pid,
    '--user',
    '--mount',
    '--preserve-credentials',
  ] as const;
  const seen = join('/proc', pid, 'root', folder);
  const ballast = join(seen, 'ballast');
  const remount = (how: string): void => {
    const [command, ...rest] = wrapper;
    const { status, stderr } = spawnSync(command, [
      ...rest,
      'mount',
      '-o',
      `remount,${how}`,
      folder,
    ]);
    if (status !== 0) throw new Error(stderr.toString());
  };
  return {
    folder,
    wrapper,
    fill() {
      for (;;) {
        try {
          appendFileSync(ballast, Buffer.alloc(4096));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return;
          throw error;
        }
      }
    },
    empty() {
      rmSync(ballast);
    },
    makeReadOnly() {
      remount('ro');
    },
    makeWritable() {
      remount('rw');
    },
  };
}

import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { StartupError } from '../errors.js';

/** The paths of the files that HTTPS needs. */
export interface TlsFiles {
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
}

/** What is in these files, as PEM. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

/**
 * Reads the files, and checks that they fit each other; undefined if none is named.
 * @throws StartupError that names the file and says what is wrong with it.
 */
export function readTls({ tlsCert, tlsKey }: TlsFiles): Tls | undefined {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    refuse('tlsCert (--tls-cert) and tlsKey (--tls-key) must be given together');
  }
  const cert = read(`tlsCert ${tlsCert}`, tlsCert);
  const key = read(`tlsKey ${tlsKey}`, tlsKey);
  const certificate = parse(
    `tlsCert ${tlsCert} must have a certificate as PEM`,
    () => new X509Certificate(cert),
  );
  const privateKey: KeyObject = parse(
    `tlsKey ${tlsKey} must have a private key as PEM, without a password`,
    () => createPrivateKey(key),
  );
  if (!certificate.checkPrivateKey(privateKey)) {
    refuse(`tlsKey ${tlsKey} is not the key of the certificate in tlsCert ${tlsCert}`);
  }
  return { cert, key };
}

function read(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    refuse(`cannot read ${name}: ${(error as Error).message}`, error);
  }
}

function parse<Value>(problem: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    refuse(problem, error);
  }
}

function refuse(problem: string, cause?: unknown): never {
  throw new StartupError('usage', problem, { cause });
}

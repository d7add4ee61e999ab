import { readFileSync } from 'node:fs';
import { packageFile } from './files.js';

const manifest = readFileSync(packageFile('package.json'), 'utf8');

/** This package's version. */
export const { version } = JSON.parse(manifest) as { version: string };

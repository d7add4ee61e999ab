#!/usr/bin/env node
/** What the command begins with: Node ≥ 22.8 keeps what it compiles of all that follows. */
import * as nodeModule from 'node:module';

(nodeModule as { enableCompileCache?: () => void }).enableCompileCache?.();
await import('./cli.js');

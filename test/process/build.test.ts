import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

describe('the build', () => {
  it.each(['retell', 'control'])('has the contract %s as its YAML has it', (name) => {
    const compiled: unknown = JSON.parse(readFileSync(`dist/contract/${name}.json`, 'utf8'));
    expect(compiled).toEqual(parse(readFileSync(`openapi/${name}.yaml`, 'utf8')));
  });
});

import { describe, expect, it } from 'vitest';
import { resolveConfig, type RawOptions } from '../../src/configuration/config.js';

const byFlags = (flags: RawOptions) => resolveConfig({ flags, environment: {} });

describe('hosts that webhooks may go to', () => {
  it('are named by flags that repeat, and by a list in the file', () => {
    const flags = {
      webhookAllow: ['app', '*.example.com'],
      webhookRewrite: ['https://a.example=http://127.0.0.1:3000'],
    };
    const { outbound } = byFlags(flags);
    expect(outbound.allow).toEqual([
      { host: 'app', isWildcard: false },
      { host: 'example.com', isWildcard: true },
    ]);
    expect(outbound.rewrites).toMatchObject([{ from: { host: { host: 'a.example' } } }]);
    expect(
      resolveConfig({ flags: {}, environment: {}, file: { path: 'o.yaml', content: flags } })
        .outbound,
    ).toEqual(outbound);
  });

  it.each([
    [{ webhookAllow: ['http://app'] }, '--webhook-allow'],
    [{ webhookAllow: ['*'] }, '--webhook-allow'],
    [{ webhookRewrite: ['a=b'] }, '--webhook-rewrite'],
    [{ webhookUrl: 'app' }, '--webhook-url'],
  ])('are refused as %j', (flags, name) => {
    expect(() => byFlags(flags)).toThrow(name);
  });
});

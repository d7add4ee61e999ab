import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  destinationFinder,
  parseHostPattern,
  parseRewrite,
} from '../../src/outbound/destination.js';
import { isLoopback } from '../../src/loopback.js';

/** Where a URL goes, or `refused`. */
function whereTo(url: string, rules: { allow?: string[]; rewrite?: string[] } = {}): string {
  const find = destinationFinder({
    allow: (rules.allow ?? []).map((text) => given(parseHostPattern(text))),
    rewrites: (rules.rewrite ?? []).map((text) => given(parseRewrite(text))),
  });
  const destination = find(url);
  return 'refused' in destination ? 'refused' : destination.url.href;
}

function given<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the rule was not understood');
  return value;
}

describe('a destination', () => {
  it.each([
    'http://127.0.0.1:3000/webhook',
    'http://127.8.7.6/',
    'http://localhost:3000/a?b=c',
    'http://LOCALHOST./',
    'http://app.localhost/',
    'https://localhost:3443/',
    'http://[::1]:3000/',
    'http://[::ffff:127.0.0.1]/',
    'http://2130706433/',
    'http://0x7f.1/',
  ])('is found for %s, which is this machine', (url) => {
    expect(whereTo(url)).toBe(new URL(url).href);
  });

  it.each([
    'https://hooks.example.com/retell',
    'http://10.0.0.5/',
    'http://169.254.169.254/latest',
    'http://0.0.0.0:3000/',
    'http://[::]/',
    'http://[fe80::1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://128.0.0.1/',
    'http://127.0.0.1.example.com/',
    'http://localhost.example.com/',
    'http://notlocalhost/',
    'http://127.0.0.1@example.com/',
    'http://example.com#@127.0.0.1/',
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'webhook',
    '',
  ])('is refused for %s', (url) => {
    expect(whereTo(url)).toBe('refused');
  });

  it('has the addresses of this machine alone, whatever a name server would say', () => {
    const find = destinationFinder({ allow: [], rewrites: [] });
    expect(find('http://app.localhost:3000/')).toMatchObject({ addresses: ['127.0.0.1', '::1'] });
    expect(find('http://127.0.0.9/')).toMatchObject({ addresses: ['127.0.0.9'] });
  });

  it('is found for hosts that were allowed, and for no others', () => {
    const allow = ['app', '*.example.com', '10.0.0.5', 'fd00::1'];
    expect(whereTo('http://app:8080/x', { allow })).toBe('http://app:8080/x');
    expect(whereTo('http://APP./x', { allow })).toBe('http://app./x');
    expect(whereTo('https://a.b.example.com/', { allow })).toBe('https://a.b.example.com/');
    expect(whereTo('http://10.0.0.5/', { allow })).toBe('http://10.0.0.5/');
    expect(whereTo('http://[fd00::1]/', { allow })).toBe('http://[fd00::1]/');
    for (const url of ['example.com', 'badexample.com', 'app.example.org', '10.0.0.6', 'apps']) {
      expect(whereTo(`http://${url}/`, { allow })).toBe('refused');
    }
  });

  it('is never another machine, whatever the URL', () => {
    const find = destinationFinder({ allow: [], rewrites: [] });
    const authority = fc.oneof(
      fc.webAuthority({ withIPv4: true, withIPv6: true }),
      fc.ipV4Extended(),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.webUrl({ authoritySettings: { withIPv4: true, withIPv6: true } }),
          authority.map((host) => `http://${host}/`),
          fc.string(),
        ),
        (url) => {
          const destination = find(url);
          if ('refused' in destination) return;
          const { hostname } = destination.url;
          const host = hostname.replace(/^\[|\]$/g, '');
          expect(isLoopback(host)).toBe(true);
          expect(destination.addresses?.every(isLoopback)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a rewrite', () => {
  it('keeps the rest of the path, and the query', () => {
    const rewrite = ['https://app.example/api=http://127.0.0.1:3000/local'];
    expect(whereTo('https://app.example/api/hook?a=1', { rewrite })).toBe(
      'http://127.0.0.1:3000/local/hook?a=1',
    );
    expect(whereTo('https://app.example/api', { rewrite })).toBe('http://127.0.0.1:3000/local');
    expect(whereTo('https://app.example/apis', { rewrite })).toBe('refused');
    expect(whereTo('http://app.example/api', { rewrite })).toBe('refused');
    expect(whereTo('https://app.example.org/api', { rewrite })).toBe('refused');
  });

  it('may be of a host below another, or of every URL', () => {
    const below = ['https://*.example.com=http://127.0.0.1:3000'];
    expect(whereTo('https://eu.example.com/hook', { rewrite: below })).toBe(
      'http://127.0.0.1:3000/hook',
    );
    expect(whereTo('https://example.com/hook', { rewrite: below })).toBe('refused');
    expect(whereTo('https://any.where/hook', { rewrite: ['*=http://localhost:3000/x/'] })).toBe(
      'http://localhost:3000/x/hook',
    );
  });

  it('allows the host that it names', () => {
    const rewrite = ['https://app.example=http://app:3000'];
    expect(whereTo('https://app.example/hook', { rewrite })).toBe('http://app:3000/hook');
  });

  it('applies once: the first that fits', () => {
    const rewrite = ['http://a.test=http://b.test', 'http://b.test=http://localhost'];
    expect(whereTo('http://a.test/', { rewrite })).toBe('http://b.test/');
    expect(whereTo('http://b.test/', { rewrite })).toBe('http://localhost/');
  });

  it.each([
    '',
    'a=b',
    'https://a.test',
    'https://a.test=',
    'a.test=http://b',
    'https://a.test?x=http://b',
    '*=ftp://b',
    'https://a.test=http://u:p@b',
    'https://a*b.test=http://b',
    'https://a.test=http://b?c',
  ])('is not read from %j', (text) => {
    expect(parseRewrite(text)).toBeUndefined();
  });
});

describe('a host pattern', () => {
  it.each([
    '',
    '*',
    '*.',
    'a b',
    'http://a',
    'a/b',
    'a:80',
    'a@b',
    '*.127.0.0.1',
    'a.*.b',
    '*.*.a',
  ])('is not read from %j', (text) => {
    expect(parseHostPattern(text)).toBeUndefined();
  });
});

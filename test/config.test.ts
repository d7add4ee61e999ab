import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../src/configuration/config.js';
import { StartupError } from '../src/errors.js';
import { flagOf, optionSpecs, variableOf } from '../src/configuration/options.js';
import {
  parseDuration,
  parseOutcomeWeights,
  parseProgression,
  parseDurationDistribution,
} from '../src/workspace/settings.js';

const resolve = (sources: Partial<Parameters<typeof resolveConfig>[0]> = {}) =>
  resolveConfig({ flags: {}, environment: {}, ...sources });
const fromFile = (content: unknown) => resolve({ file: { path: 'options.yaml', content } });

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(StartupError);
    expect(error).toMatchObject({ kind: 'usage' });
    return (error as Error).message;
  }
  throw new Error('nothing was refused');
}

describe('resolveConfig', () => {
  it('has a default for everything', () => {
    expect(resolve()).toEqual({
      host: '127.0.0.1',
      port: 4010,
      database: './.retell-emulator/emulator.sqlite',
      apiKeys: [],
      defaultApiKey: 'key_local',
      control: 'on',
      controlHosts: [],
      cors: ['*'],
      controlToken: undefined,
      clock: 'real',
      ...{ fixtures: [], rules: {} },
      credit: undefined,
      journalSize: 1000,
      outbound: { allow: [], rewrites: [] },
      upstream: undefined,
      settings: {
        seed: undefined,
        concurrency: 10,
        runDuration: '500ms..2500ms',
        outcomes: 'pass=0.8,fail=0.15,error=0.05',
        progression: 'time',
        batchStartDelay: '0s',
        batchCompletionDelay: '0s',
        definitionSnapshot: 'documented',
        rateLimit: 'off',
        unknownTestCases: 'accept',
        unknownEngines: 'accept',
        unknownQuery: 'observed',
        validationErrors: 'both',
        missing: 'observed',
        creditMessage: 'default',
        rateLimitMessage: 'default',
        unknownValues: 'warn',
        webhookUrl: 'off',
        webhookSigningKey: 'default',
        signatureClock: 'real',
        webhookEventTimestamp: 'send',
        webhookCallKey: 'call',
        webhookRetries: 3,
        webhookRetryPause: '1s',
        ...{ unknownNumbers: 'accept', deprecated: 'warn', webCallJoin: '200ms' },
        callDuration: '10s..30s',
        ringDuration: '1s..3s',
        analysisDelay: '2s',
        callOutcomes:
          'user_hangup=0.55,agent_hangup=0.3,voicemail_reached=0.05,dial_no_answer=0.05,dial_busy=0.03,user_declined=0.02',
        ...{ callsPerSecond: 1, concurrencyExceeded: 'reject' },
        ...{ customLlm: 'auto', customLlmTimeout: '10s', knowledgeBaseDuration: '2s' },
        ...{ knowledgeBaseOutcomes: 'complete=1', concurrencyLimit: 20, jobDuration: '2s' },
      },
      validateResponses: false,
      logLevel: 'info',
    });
  });

  it('has defaults that its own options accept', () => {
    const defaults = optionSpecs.flatMap(({ name, default: value }) =>
      value === undefined ? [] : [[name, value]],
    );
    expect(fromFile(Object.fromEntries(defaults))).toEqual({
      ...resolve(),
      rulesFile: 'options.yaml',
    });
  });

  it('prefers flags to the environment, and the environment to the file', () => {
    const file = { path: 'options.yaml', content: { port: 1, concurrency: 2, seed: 'file' } };
    const environment = { RETELL_EMULATOR_PORT: '3', RETELL_EMULATOR_CONCURRENCY: '4' };
    const config = resolve({ file, environment, flags: { port: '5' } });
    expect([config.port, config.settings.concurrency, config.settings.seed]).toEqual([
      5,
      4,
      'file',
    ]);
  });

  it('takes an empty variable and an empty key of the file as not set', () => {
    expect(resolve({ environment: { RETELL_EMULATOR_PORT: '' } }).port).toBe(4010);
    expect(fromFile({ port: null }).port).toBe(4010);
    expect(fromFile(null).port).toBe(4010);
  });

  it('accepts every value in the type of its source', () => {
    const environment = {
      RETELL_EMULATOR_API_KEY: 'key_a,key_b',
      RETELL_EMULATOR_VALIDATE_RESPONSES: 'true',
    };
    expect(resolve({ environment })).toMatchObject({
      apiKeys: ['key_a', 'key_b'],
      validateResponses: true,
    });
    expect(fromFile({ apiKey: ['key_a'], seed: 42 })).toMatchObject({
      apiKeys: ['key_a'],
      settings: { seed: '42' },
    });
    expect(resolve({ flags: { apiKey: ['a,b'] } }).apiKeys).toEqual(['a,b']);
  });

  it.each([
    ['1', true],
    ['0', false],
    ['TRUE', true],
    ['False', false],
  ])('reads a boolean option that is %s in a variable', (text, validateResponses) => {
    const environment = { RETELL_EMULATOR_VALIDATE_RESPONSES: text };
    expect(resolve({ environment })).toMatchObject({ validateResponses });
    const flags = { validateResponses: !validateResponses };
    expect(resolve({ environment, flags })).toMatchObject(flags);
  });

  it('has a variable for every flag', () => {
    expect(flagOf('runDuration')).toBe('--run-duration');
    expect(variableOf('runDuration')).toBe('RETELL_EMULATOR_RUN_DURATION');
    for (const { name } of optionSpecs) expect(flagOf(name)).toMatch(/^--[a-z]+(-[a-z]+)*$/);
  });

  it.each([
    ['port', 'abc', 'a whole number from 0 to 65535'],
    ['port', '65536', 'a whole number from 0 to 65535'],
    ['port', '1.5', 'a whole number from 0 to 65535'],
    ['host', 'http://x', 'a host name or an IP address'],
    ...['a\0b', ':memory', '~/x', 'file:x'].map((it) => ['database', it, 'without ~ and file:']),
    ['concurrency', '0', 'a whole number from 1 to 1000000'],
    ['runDuration', '30', 'with units'],
    ['runDuration', '5 bananas', 'a duration such as 2s'],
    ['runDuration', '2s..1s', 'a duration such as 2s'],
    ['runDuration', '2s/x', 'a duration such as 2s'],
    ['outcomes', 'pass=0', 'one of them above 0'],
    ['progression', 'polls=0', 'time, immediate, manual, or polls=3'],
    ['clock', 'stopped', 'real or manual'],
    ['rateLimit', '10', 'off, vendor, or requests in a time such as 10/1s'],
    ['credit', '-1', 'a whole number from 0'],
    ['upstream', 'api.retellai.com', 'a URL such as https://'],
    ['upstream', 'file:///etc', 'a URL such as https://'],
    ['upstream', 'http://127.0.0.1/?key=1', 'without user name, password and query'],
    ['upstream', 'http://127.0.0.1/#part', 'without user name, password and query'],
    ['journalSize', '1.5', 'a whole number from 0 to 1000000'],
    ['control', 'maybe', 'on, off or open'],
    ['seed', '', 'a text of 1 to 100 characters'],
    ['unknownTestCases', 'ignore', 'accept or reject'],
    ['logLevel', 'loud', 'one of trace, debug, info'],
    ['validateResponses', 'maybe', 'true or false'],
  ])('refuses %s %j with its source, the value and what is allowed', (name, value, allowed) => {
    const given = JSON.stringify(value);
    const byFlag = refusal(() => resolve({ flags: { [name]: value } }));
    expect(byFlag).toContain(`${flagOf(name)} is ${given}, which is not allowed: must be `);
    expect(byFlag).toContain(allowed);
    expect(refusal(() => fromFile({ [name]: value }))).toContain(
      `${name} in options.yaml is ${given}`,
    );
    if (value === '') return;
    const variable = variableOf(name);
    expect(refusal(() => resolve({ environment: { [variable]: value } }))).toContain(
      `${variable} is ${given}`,
    );
  });

  it('does not show a key that it refuses', () => {
    const message = refusal(() => resolve({ flags: { apiKey: ['key secret'] } }));
    expect(message).toBe('--api-key must be an API key without spaces');
  });

  it('uses the first accepted key for control requests without a key', () => {
    const environment = { RETELL_EMULATOR_API_KEY: 'key_a,key_b' };
    expect(resolve({ environment }).defaultApiKey).toBe('key_a');
    const flags = { defaultApiKey: 'key_b' };
    expect(resolve({ environment, flags }).defaultApiKey).toBe('key_b');
  });

  it('refuses a default key that is not accepted', () => {
    const content = { apiKey: ['key_a'], defaultApiKey: 'key_secret' };
    const message = refusal(() => fromFile(content));
    expect(message).toContain('defaultApiKey (--default-api-key) must be one of the keys');
    expect(message).not.toContain('key_secret');
  });

  it('takes rules from the file only, as they are', () => {
    const rules = {
      faults: [{ latency: '1s' }],
      outcomeRules: [{ outcome: { status: 'pass' } }],
      callRules: [{ outcome: { disconnectionReason: 'dial_busy' } }],
    };
    expect(fromFile({ ...rules, port: 1 })).toMatchObject({ rules, port: 1 });
    expect(fromFile({ faults: null }).rules).toEqual({});
  });

  it('refuses a file with an unknown option, or without options', () => {
    expect(refusal(() => fromFile({ prot: 1 }))).toMatch(
      /options\.yaml: there is no option "prot"/,
    );
    for (const content of ['text', ['port'], 7]) {
      expect(refusal(() => fromFile(content))).toContain('must have options');
    }
  });

  it('refuses an unknown variable with our prefix', () => {
    // The URL is for clients (retell-emulator/redirect).
    const known = { RETELL_EMULATOR_CONFIG: 'x', RETELL_EMULATOR_URL: 'http://127.0.0.1:4010' };
    const environment = { ...known, RETELL_EMULATOR_PROT: '1', PORT: '2' };
    expect(refusal(() => resolve({ environment }))).toContain(
      'there is no variable RETELL_EMULATOR_PROT',
    );
  });
});

describe('parseRunDuration', () => {
  it.each([
    ['500ms..2500ms', { kind: 'range', from: 500, to: 2500 }],
    ['2s', { kind: 'range', from: 2000, to: 2000 }],
    ['0', { kind: 'range', from: 0, to: 0 }],
    ['0ms .. 1.5s', { kind: 'range', from: 0, to: 1500 }],
    ['1m..1h', { kind: 'range', from: 60_000, to: 3_600_000 }],
    ['2s/0.5', { kind: 'lognormal', median: 2000, sigma: 0.5 }],
    ['1m / 0', { kind: 'lognormal', median: 60_000, sigma: 0 }],
  ])('reads %s', (text, duration) => {
    expect(parseDurationDistribution(text)).toEqual(duration);
  });

  it.each(['', '..', '1s..', '..1s', '1s..2s..3s', '-1s', '2s..1s', 'x', '1e999s', '9999y'])(
    'does not take %j',
    (text) => {
      expect(parseDurationDistribution(text)).toBeUndefined();
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it.each(['/', '2s/', '/0.5', '2s/-1', '2s/6', '2s/1/1', '2s..3s/1', '2s/1e1'])(
    'does not take %j',
    (text) => {
      expect(parseDurationDistribution(text)).toBeUndefined();
    },
  );
});

describe('parseOutcomeWeights', () => {
  it.each([
    ['pass=0.8,fail=0.15,error=0.05', { pass: 0.8, fail: 0.15, error: 0.05 }],
    ['fail=1', { pass: 0, fail: 1, error: 0 }],
    [' error = 2 , pass = .5 ', { pass: 0.5, fail: 0, error: 2 }],
  ])('reads %s', (text, weights) => {
    expect(parseOutcomeWeights(text)).toEqual(weights);
  });

  it.each(['', 'pass', 'pass=', 'pass=-1', 'pass=x', 'won=1', 'pass=1,pass=1', 'pass=0,fail=0'])(
    'does not take %j',
    (text) => {
      expect(parseOutcomeWeights(text)).toBeUndefined();
    },
  );
});

describe('parseProgression', () => {
  it.each([
    ['time', { kind: 'time' }],
    ['immediate', { kind: 'immediate' }],
    ['manual', { kind: 'manual' }],
    ['polls=3', { kind: 'polls', polls: 3 }],
  ])('reads %s', (text, progression) => {
    expect(parseProgression(text)).toEqual(progression);
  });

  it.each(['', 'polls', 'polls=', 'polls=0', 'polls=1.5', 'polls=-1', 'polls=1000000', 'times'])(
    'does not take %j',
    (text) => {
      expect(parseProgression(text)).toBeUndefined();
    },
  );
});

describe('an address that other machines can reach', () => {
  it.each(['0.0.0.0', '::', '192.168.1.2', 'example.test'])(
    '%s requires a decision about the control API',
    (host) => {
      const message = refusal(() => resolve({ flags: { host } }));
      expect(message).toContain(`host ${host} would let other machines use the control API`);
      expect(message).toContain('controlToken (--control-token)');
      for (const flags of [{ controlToken: 'secret' }, { control: 'off' }, { control: 'open' }]) {
        expect(resolve({ flags: { host, ...flags } })).toMatchObject({ host, ...flags });
      }
    },
  );

  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1'])('%s is not one', (host) => {
    expect(resolve({ flags: { host } }).host).toBe(host);
  });
});

describe('a password in a URL', () => {
  it.each(['http://ann:secret@127.0.0.1', 'https://:secret@127.0.0.1', 'ftp://ann:secret@x'])(
    'is refused and not repeated: %s',
    (upstream) => {
      const message = refusal(() => resolve({ flags: { upstream } }));
      expect(message).toContain('must be a URL such as');
      expect(message).toContain('//…@');
      expect(message).not.toContain('secret');
    },
  );
});

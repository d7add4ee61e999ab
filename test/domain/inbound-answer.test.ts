import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readInboundAnswer } from '../../src/domain/calls/inbound-answer.js';
import { readSipHeaders, variablesOfHeaders } from '../../src/domain/calls/sip-headers.js';

const read = (answer: unknown, override?: string) =>
  readInboundAnswer(typeof answer === 'string' ? answer : JSON.stringify(answer), () => override);

const readInner = (call_inbound: unknown) => read({ call_inbound });

describe('the answer to the webhook of a call that comes in', () => {
  it('may decide nothing, without a warning', () => {
    expect(readInner({})).toEqual({ decision: { rejects: false }, warnings: [] });
    expect(readInner({ reject: false })).toEqual({ decision: { rejects: false }, warnings: [] });
  });

  it('decides agent, version, variables, metadata and settings', () => {
    const { decision, warnings } = readInner({
      ...{ override_agent_id: 'agent_1', override_agent_version: 'latest' },
      ...{ dynamic_variables: { name: 'Ann' }, metadata: { plan: { gold: true } } },
      agent_override: { agent: { voice_speed: 1 } },
    });
    expect(warnings).toEqual([]);
    expect(decision).toEqual({
      ...{ rejects: false, agentId: 'agent_1', agentVersion: 'latest' },
      ...{ variables: { name: 'Ann' }, metadata: { plan: { gold: true } } },
      override: { agent: { voice_speed: 1 } },
    });
  });

  it('rejects whatever else it says', () => {
    const said = { reject: true, override_agent_id: 7, dynamic_variables: { a: 'b' } };
    const { decision, warnings } = readInner(said);
    expect(decision).toEqual({ rejects: true });
    expect(warnings).toEqual([
      'call_inbound/override_agent_id must be the id of an agent, and is a number',
    ]);
  });

  it.each([
    [{ reject: 'true' }, 'reject must be boolean, and is a string'],
    [{ override_agent_id: null }, 'override_agent_id must be the id of an agent, and is null'],
    [{ override_agent_id: '' }, 'override_agent_id must be the id of an agent, and is an empty s'],
    [{ override_agent_version: 1.5 }, 'override_agent_version must be a number or a tag'],
    [{ dynamic_variables: { age: 7 } }, 'dynamic_variables/age must be string, and is a number'],
    [{ dynamic_variables: { who: null } }, 'dynamic_variables/who must be string, and is null'],
    [{ dynamic_variables: ['a'] }, 'dynamic_variables must be object'],
    [{ metadata: 'gold' }, 'metadata must be object'],
    [{ metadata: { a: 'x'.repeat(60_000) } }, 'metadata must NOT have more than 50 kB'],
  ])('is ignored as a whole with %j', (wrong, warning) => {
    const { decision, warnings } = readInner({ override_agent_id: 'agent_1', ...wrong });
    expect(decision).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`call_inbound/${warning}`);
    expect(warnings[0]).toContain('; the whole answer is ignored');
  });

  it('is ignored as a whole with settings that are wrong', () => {
    const answer = { call_inbound: { agent_override: { agent: 7 } } };
    const { decision, warnings } = read(answer, '/agent must be object');
    expect(decision).toBeUndefined();
    expect(warnings).toEqual([
      'call_inbound/agent_override/agent must be object; the whole answer is ignored',
    ]);
  });

  it.each([
    ['', /no body/],
    ['Hello', /no JSON object/],
    ['[]', /no JSON object/],
    [{}, /no "call_inbound", so it decides nothing$/],
    [{ override_agent_id: 'a' }, /no "call_inbound".*: override_agent_id must be in it/],
    [{ call_inbound: true }, /call_inbound must be object/],
  ])('decides nothing if it is %j', (answer, warning) => {
    const { decision, warnings } = read(answer);
    expect(decision).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(warning);
  });

  it('is warned about where it has names of no effect', () => {
    const { decision, warnings } = readInner({ agent_id: 'agent_1', dynamic_variable: {} });
    expect(decision).toEqual({ rejects: false });
    expect(warnings).toEqual([
      'call_inbound/agent_id has no effect: there is no such property (did you mean "override_agent_id"?)',
      'call_inbound/dynamic_variable has no effect: there is no such property (did you mean "dynamic_variables"?)',
    ]);
  });

  it('may be anything at all', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          fc.string(),
          fc.jsonValue().map((value) => {
            return JSON.stringify({ call_inbound: value });
          }),
        ),
        (text) => {
          const { decision, warnings } = readInboundAnswer(text, () => undefined);
          // What decides nothing says why.
          if (decision === undefined) expect(warnings).not.toEqual([]);
          for (const value of Object.values(decision?.variables ?? {})) {
            expect(typeof value).toBe('string');
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the SIP headers of a call that comes in', () => {
  it('are told in lower case, if they are among those that the vendor tells', () => {
    const { told, leftOut } = readSipHeaders({
      ...{ 'X-Customer': '7', 'User-To-User': 'abc', Via: 'proxy', Diversion: 'd' },
    });
    expect(told).toEqual({ 'x-customer': '7', 'user-to-user': 'abc', diversion: 'd' });
    expect(leftOut).toEqual(['via']);
    expect(variablesOfHeaders(told)).toEqual({ 'x-customer': '7' });
  });
});

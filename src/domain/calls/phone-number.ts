import type { components } from '../../contract/retell.gen.js';

type Schemas = components['schemas'];

export type WirePhoneNumber = Schemas['PhoneNumber'];
export type WeightedAgent = Schemas['WeightedAgent'];

/** What is kept of a phone number: all that clients read of it but the number itself and its time. */
export type PhoneNumberContent = Omit<
  WirePhoneNumber,
  'phone_number' | 'phone_number_pretty' | 'last_modification_timestamp'
>;

export interface PhoneNumber {
  readonly number: string;
  readonly content: PhoneNumberContent;
  /** In milliseconds since the epoch. */
  readonly modifiedAt: number;
}

/** A plus and 7 to 15 digits, of which the first is no zero. */
export const isE164 = (text: string): boolean => /^\+[1-9]\d{6,14}$/.test(text);

/** Documented: numbers are told in a form for people, too. Observed of North American ones. */
const prettyNumber = (number: string): string =>
  number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '+1($1)$2-$3');

export const toWirePhoneNumber = ({
  number,
  content,
  modifiedAt,
}: PhoneNumber): WirePhoneNumber => ({
  phone_number: number,
  phone_number_pretty: prettyNumber(number),
  ...content,
  last_modification_timestamp: modifiedAt,
});

/** Area codes of numbers that are made up. */
const areaCodes = { US: [212, 312, 415, 512, 617], CA: [416, 514, 604] } as const;
const fictionalAreas = [...areaCodes.US, ...areaCodes.CA] as const;
const tollFreeCodes = [800, 888, 877, 866] as const;

/** One of 800 numbers that belong to nobody: 555-01xx. `draw` is in [0, 1). */
export function fictionalNumber(draw: number): string {
  const index = Math.floor(draw * fictionalAreas.length * 100);
  const area = fictionalAreas[Math.floor(index / 100)] ?? fictionalAreas[0];
  return `+1${String(area)}55501${String(index % 100).padStart(2, '0')}`;
}

/** Codes of three digits that an area of North America can have: not N11, and not N9X. */
const possibleAreas = Array.from({ length: 799 }, (_, index) => 201 + index).filter(
  (code) => code % 100 !== 11 && Math.floor(code / 10) % 10 !== 9,
);

/** Documented: 555-0100 to 555-0199 are kept for fiction in every area of North America. */
export const fictionalNumbers = possibleAreas.length * 100;

/** One of them, by its index, which is less than `fictionalNumbers`. */
export const fictionalNumberAt = (index: number): string =>
  `+1${String(possibleAreas[Math.floor(index / 100)])}55501${String(index % 100).padStart(2, '0')}`;

/** What a client says of a number to buy. */
export interface NumberWish {
  readonly areaCode: number | undefined;
  readonly country: 'US' | 'CA';
  readonly isTollFree: boolean;
}

/** Makes up a number of North America. `draw` gives numbers in [0, 1). */
export function makeUpNumber(wish: NumberWish, draw: (purpose: string) => number): string {
  const pick = (from: number, count: number, purpose: string): number =>
    from + Math.floor(draw(purpose) * count);
  const codes = wish.isTollFree ? tollFreeCodes : areaCodes[wish.country];
  const code = wish.areaCode ?? codes[pick(0, codes.length, 'area')] ?? codes[0];
  // Exchanges begin with 2 to 9.
  const exchange = pick(200, 800, 'exchange');
  const line = String(pick(0, 9000, 'line')).padStart(4, '0');
  return `+1${String(code)}${String(exchange)}${line}`;
}

/** The lists of agents that a number has. */
export const agentLists = [
  'inbound_agents',
  'outbound_agents',
  'inbound_sms_agents',
  'outbound_sms_agents',
] as const;
export type AgentList = (typeof agentLists)[number];

/** What the vendor has withdrawn: one agent in the place of each list. */
export const singleAgentFields = {
  inbound_agents: ['inbound_agent_id', 'inbound_agent_version'],
  outbound_agents: ['outbound_agent_id', 'outbound_agent_version'],
  inbound_sms_agents: ['inbound_sms_agent_id', 'inbound_sms_agent_version'],
  outbound_sms_agents: ['outbound_sms_agent_id', 'outbound_sms_agent_version'],
} as const satisfies Record<AgentList, readonly [id: string, version: string]>;

/** What is said of the agents of a number, by lists or by single fields. */
export type AgentsInput = Partial<
  Record<AgentList, WeightedAgent[] | null> &
    Record<`${'inbound' | 'outbound'}${'_sms' | ''}_agent_id`, string | null> &
    Record<`${'inbound' | 'outbound'}${'_sms' | ''}_agent_version`, number | null>
>;

/** The withdrawn fields that somebody sent. */
export const sentSingleFields = (input: AgentsInput): string[] =>
  Object.values(singleAgentFields)
    .flat()
    .filter((name) => input[name] !== undefined);

/**
 * The lists with what is said of them. A single agent becomes a list of one, and is told as both; a
 * list takes the single agent away.
 */
export function changedAgents(
  content: PhoneNumberContent,
  input: AgentsInput,
): Partial<PhoneNumberContent> {
  const changed: Record<string, unknown> = {};
  for (const list of agentLists) {
    const [idName, versionName] = singleAgentFields[list];
    const { [list]: agents, [idName]: id, [versionName]: version } = input;
    if (agents !== undefined) {
      changed[list] = agents;
      [changed[idName], changed[versionName]] = [undefined, undefined];
    } else if (id !== undefined || version !== undefined) {
      const single = id === undefined ? content[idName] : id;
      const own = version === undefined && id === undefined ? content[versionName] : version;
      [changed[idName], changed[versionName]] = [single, own ?? undefined];
      changed[list] =
        (single ?? '') === ''
          ? null
          : [
              {
                agent_id: single,
                ...(typeof own === 'number' && { agent_version: own }),
                weight: 1,
              },
            ];
    }
  }
  return changed;
}

/** Weights of a list may differ from 1 by so much: 1/3 three times is less than 1. */
const tolerance = 0.001;

/** The list whose weights do not add up; undefined if all do. */
export const findWrongWeights = (content: Partial<PhoneNumberContent>): AgentList | undefined =>
  agentLists.find((list) => {
    const agents = content[list] ?? [];
    const sum = agents.reduce((total, { weight }) => total + weight, 0);
    return agents.length > 0 && Math.abs(sum - 1) > tolerance;
  });

/** One of a list's agents, by weight. `draw` is in [0, 1). Undefined if there are none. */
export function pickAgent(
  agents: readonly WeightedAgent[],
  draw: number,
): WeightedAgent | undefined {
  const sum = agents.reduce((total, { weight }) => total + weight, 0);
  let point = draw * sum;
  for (const agent of agents) {
    if (point < agent.weight) return agent;
    point -= agent.weight;
  }
  return agents.at(-1);
}

import type { components } from '../../contract/retell.gen.js';
import type { Chance } from '../../random.js';

type Schemas = components['schemas'];

/** What a call was measured by: how fast it was, and what it cost. */
export interface CallFigures {
  readonly latency: Schemas['CallLatency'] | undefined;
  readonly cost: Schemas['CallCost'];
  readonly tokens: Schemas['TokenUsage'] | undefined;
}

export interface FiguresInput {
  /** Milliseconds from the connection to the end; undefined if nobody answered. */
  readonly talk: number | undefined;
  /** The model that the engine names; undefined for a custom LLM. */
  readonly model: string | undefined;
  /** That of the agent. */
  readonly voice: string | undefined;
  /** What the client's own server took, in milliseconds; undefined if it did not hold the call. */
  readonly measured:
    { readonly answers: readonly number[]; readonly roundTrips: readonly number[] } | undefined;
  readonly chance: Chance;
}

/** How long a turn of each side takes, in milliseconds: so many responses does a call have. */
const turnTime = 6000;

/** Responses whose latency is told. */
const maxResponses = 500;

/** They depend on the length of the call and not on its words, so that a list need not make those. */
export function figuresOf({ talk, model, voice, measured, chance }: FiguresInput): CallFigures {
  const responses =
    talk === undefined ? 0 : Math.min(maxResponses, Math.max(1, Math.round(talk / turnTime)));
  return {
    latency:
      measured !== undefined
        ? measuredLatency(measured, chance)
        : responses === 0
          ? undefined
          : latencyOf(responses, model, chance),
    cost: costOf(talk ?? 0, model, voice),
    // Computed only where a whole call is read.
    get tokens() {
      return responses === 0 || model === undefined ? undefined : tokensOf(responses, chance);
    },
  };
}

/** Milliseconds, as they are usual for voice agents. */
const usualLatency = { llm: 600, tts: 200, asr: 120, llm_websocket_network_rtt: 80 } as const;

/** Around a median, with a tail towards the slow side. */
const around = (median: number, draw: number): number =>
  Math.round(median * (0.6 + draw * draw * 1.6));

function latencyOf(
  count: number,
  model: string | undefined,
  chance: Chance,
): Schemas['CallLatency'] {
  const parts: (keyof typeof usualLatency)[] = ['llm', 'tts', 'asr'];
  if (model === undefined) parts.push('llm_websocket_network_rtt');
  const draws = chance.series(count * parts.length, 'latency');
  const values = parts.map((part, index) =>
    draws.slice(index * count, (index + 1) * count).map((draw) => around(usualLatency[part], draw)),
  );
  // What a user waits for is the sum of the parts.
  const sums = Array.from({ length: count }, (_, index) =>
    values.reduce((sum, part) => sum + (part[index] ?? 0), 0),
  );
  return {
    e2e: summaryOf(sums),
    ...Object.fromEntries(parts.map((part, index) => [part, summaryOf(values[index] ?? [])])),
  };
}

/** What was measured, with speech that was not: there is none. */
function measuredLatency(
  { answers, roundTrips }: NonNullable<FiguresInput['measured']>,
  chance: Chance,
): Schemas['CallLatency'] | undefined {
  const llm = answers.slice(0, maxResponses).map(Math.round);
  const network = roundTrips.slice(0, maxResponses).map(Math.round);
  const drawn = (part: 'tts' | 'asr'): number[] =>
    chance.series(llm.length, 'latency', part).map((draw) => around(usualLatency[part], draw));
  const [tts, asr] = [drawn('tts'), drawn('asr')];
  const sums = llm.map((time, index) => time + (tts[index] ?? 0) + (asr[index] ?? 0));
  const parts = { e2e: sums, llm, tts, asr, llm_websocket_network_rtt: network };
  const known = Object.entries(parts).filter(([, values]) => values.length > 0);
  if (known.length === 0) return undefined;
  return Object.fromEntries(known.map(([part, values]) => [part, summaryOf(values)]));
}

/** The percentiles of some values, of which there is one at least. */
export function summaryOf(values: readonly number[]): Schemas['LatencyFigures'] {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return {
    ...{ p50: at(0.5), p90: at(0.9), p95: at(0.95), p99: at(0.99) },
    ...{ max: at(1), min: sorted[0] ?? 0, num: sorted.length, values: [...values] },
  };
}

/** Ten thousandths of a cent for a second of talk. Not documented; of the order of published prices. */
const prices = { voice: 1167, model: 1000, telephony: 250 } as const;
const unitsPerCent = 10_000;

/** The sum of the products, exactly: they are added as whole numbers. */
function costOf(
  talk: number,
  model: string | undefined,
  voice: string | undefined,
): Schemas['CallCost'] {
  const seconds = Math.ceil(talk / 1000);
  const products = [
    { product: voiceProduct(voice), price: prices.voice },
    ...(model === undefined ? [] : [{ product: productName(model), price: prices.model }]),
    { product: 'telephony', price: prices.telephony },
  ];
  const price = products.reduce((sum, product) => sum + product.price, 0);
  return {
    combined_cost: (price * seconds) / unitsPerCent,
    product_costs:
      seconds === 0
        ? []
        : products.map(({ product, price }) => ({
            product,
            unit_price: price / unitsPerCent,
            cost: (price * seconds) / unitsPerCent,
          })),
    total_duration_seconds: seconds,
    total_duration_unit_price: seconds === 0 ? 0 : price / unitsPerCent,
  };
}

/** Observed: `elevenlabs_tts`, `gpt_4o`, `gemini_2_0_flash`. */
export const productName = (name: string): string =>
  name.replaceAll(/[^a-z\d]+/gi, '_').toLowerCase();

function voiceProduct(voice = ''): string {
  const [provider = ''] = voice.split('-');
  return `${provider === '' || provider === '11labs' ? 'elevenlabs' : productName(provider)}_tts`;
}

/** Each request holds all of the conversation before it. */
function tokensOf(count: number, chance: Chance): Schemas['TokenUsage'] {
  let used = 800 + Math.floor(chance('tokens') * 800);
  const values = chance.series(count, 'tokens').map((draw) => {
    used += 20 + Math.floor(draw * 60);
    return used;
  });
  const average = values.reduce((sum, value) => sum + value, 0) / count;
  return { values, average, num_requests: count };
}

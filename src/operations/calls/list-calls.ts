import { cacheJson } from '../../json/cached-json.js';
import {
  passesFilter,
  passesLegacyRest,
  toCallFilter,
  type CallFacets,
  type CallFilter,
} from '../../domain/calls/call-filter.js';
import { startBounds } from '../../domain/filters.js';
import { isAnalysed, isOver, type WireListedCall } from '../../domain/calls/call.js';
import type { CallRecord } from '../../domain/calls/call-record.js';
import { maxOfArray, maxOfPage } from '../../domain/requests/answer-sizes.js';
import { ApiError } from '../../errors.js';
import { callContextReader } from '../../simulation/calls/call-steps.js';
import { analysisOf, toCall, toListedCall } from '../../simulation/calls/render.js';
import { saidIn } from '../../simulation/calls/said.js';
import { givenToolCalls, toolCallsOf } from '../../simulation/calls/tool-calls.js';
import {
  loadValueGenerator,
  type GenerateValue,
} from '../../simulation/conversation/schema-value.js';
import type { Workspace } from '../../simulation/workspaces/workspace.js';
import { positionOf, type CallPosition, type StoredCall } from '../../store/calls.js';
import { arrayOf, gather, tooLarge } from '../gathering.js';
import { findSettledWorkspace, type Operation, type Services } from '../operation.js';
import { readPositionKey, toPositionKey } from '../position-key.js';

/** Documented: the length of a page that names none. */
const defaultLimit = 50;

export const listCallsV3: Operation<'listCallsV3'> = async (services, caller, { body = {} }) => {
  const { filter_criteria: filter = {}, sort_order: order = 'descending' } = body;
  const { limit = defaultLimit, skip = 0, pagination_key: key, include_total: counts } = body;
  if (key !== undefined && body.skip !== undefined) {
    throw new ApiError('invalid_request', 'body must not have both skip and pagination_key');
  }
  const list = [caller.workspace, order, JSON.stringify(filter)];
  const after = key === undefined ? undefined : readPositionKey(key, 'calls', list);
  const workspace = await findSettledWorkspace(services, caller);
  const page = gather<WireListedCall>(maxOfPage);
  let last: CallPosition | undefined;
  let hasMore = false;
  if (workspace !== undefined) {
    const generate = await loadValueGenerator();
    const reader = callReader(services, workspace, generate);
    let left = skip;
    for (const stored of reader.list(filter, order, after)) {
      if (left > 0) {
        left -= 1;
        continue;
      }
      hasMore = page.items.length === limit || page.isFull();
      if (hasMore) break;
      page.add(reader.toListed(stored));
      last = positionOf(stored);
    }
  }
  const rest = {
    has_more: hasMore,
    ...(hasMore && last !== undefined && { pagination_key: toPositionKey(last, 'calls', list) }),
    ...(counts === true && { total: await countCalls(services, workspace, filter) }),
  };
  const text = `{"items":${page.text()},${JSON.stringify(rest).slice(1)}`;
  return cacheJson({ items: page.items, ...rest }, text);
};

/** Observed: the key is the id of the last call before; items have transcripts. */
export const listCallsV2: Operation<'listCallsV2'> = async (services, caller, { body = {} }) => {
  const { filter_criteria: legacy = {}, sort_order: order = 'descending' } = body;
  const { limit = defaultLimit, pagination_key: lastId } = body;
  const workspace = await findSettledWorkspace(services, caller);
  if (workspace === undefined) return [];
  const last = lastId === undefined ? undefined : services.store.calls.find(workspace.id, lastId);
  if (lastId !== undefined && last === undefined) {
    throw new ApiError('invalid_request', 'body/pagination_key must be the id of a listed call');
  }
  const generate = await loadValueGenerator();
  const reader = callReader(services, workspace, generate);
  const all = gather<ReturnType<typeof reader.toFull>>(maxOfArray);
  const filter = toCallFilter(legacy);
  for (const stored of reader.list(filter, order, last && positionOf(last))) {
    if (!passesLegacyRest(reader.facetsOf(stored), legacy)) continue;
    if (all.items.length === limit) break;
    if (all.isFull()) throw tooLarge(all, '/v3/list-calls');
    all.add(reader.toFull(stored));
  }
  return arrayOf(all);
};

type Order = 'ascending' | 'descending';

async function countCalls(
  services: Services,
  workspace: Workspace | undefined,
  filter: CallFilter,
): Promise<number> {
  if (workspace === undefined) return 0;
  if (Object.keys(filter).length === 0) return services.store.calls.count(workspace.id);
  const reader = callReader(services, workspace, await loadValueGenerator());
  let count = 0;
  const passing = reader.list(filter, 'ascending', undefined);
  while (passing.next().done !== true) count += 1;
  return count;
}

/** Reads calls as clients see them at one moment. */
function callReader({ store }: Services, { id, now }: Workspace, generate: GenerateValue) {
  const contextOf = callContextReader(store);
  const facetsOf = (stored: StoredCall): CallFacets => toFacets(stored, contextOf, generate, now);
  return {
    facetsOf,
    toFull: (stored: StoredCall) => toCall(stored.call, contextOf(stored), generate, now),
    toListed: (stored: StoredCall) => {
      const context = contextOf(stored);
      const { state, details } = stored.call;
      const collects =
        isOver(state.status) &&
        !details.given?.isComplete &&
        (context.collects || details.functions !== undefined);
      const { collected } = collects
        ? saidIn(stored.call, context, generate, now)
        : { collected: {} };
      return toListedCall(stored.call, context, collected, now);
    },
    *list(filter: CallFilter, order: Order, after: CallPosition | undefined) {
      const { agent: agents = [] } = filter;
      const agentId = agents.length === 1 ? agents[0]?.agent_id : undefined;
      const bounds = startBounds(filter);
      const isFiltered = Object.keys(filter).length > 0;
      for (const stored of store.calls.listPage({
        ...bounds,
        ...{ workspaceId: id, agentId, after, order },
      })) {
        if (!isFiltered || passesFilter(facetsOf(stored), filter)) yield stored;
      }
    },
  };
}

function toFacets(
  stored: StoredCall,
  contextOf: ReturnType<typeof callContextReader>,
  generate: GenerateValue,
  now: number,
): CallFacets {
  const { call, results } = stored;
  const { plan, state, details } = call;
  const over = isOver(state.status);
  const startedAt = state.status === 'registered' ? undefined : plan.connectsAt;
  const endedAt = over ? plan.endsAt : undefined;
  return {
    ...{ agentId: call.agentId, agentVersion: call.agentVersion, callId: call.id },
    batchCallId: call.details.batchCallId,
    ...{ status: state.status, ...kindOf(call), startedAt, endedAt },
    reason: over ? plan.reason : undefined,
    duration: durationOf(call, startedAt, endedAt),
    cost: results.combinedCost ?? undefined,
    latency: results.latency ?? undefined,
    sentiment: results.sentiment ?? undefined,
    successful: results.successful ?? undefined,
    inVoicemail: results.inVoicemail ?? undefined,
    dataStorage: () => call.dataStorage ?? contextOf(stored).agent.dataStorage,
    metadata: details.metadata ?? {},
    variables: details.variables ?? {},
    attributes: details.customAttributes ?? {},
    analysis: () =>
      isAnalysed(plan, state)
        ? (analysisOf(call, contextOf(stored)).custom_analysis_data ?? {})
        : {},
    toolCalls: () => {
      if (!over) return [];
      const context = contextOf(stored);
      const given = context.readTranscripts()?.transcript_with_tool_calls;
      if (given !== undefined || details.given?.isComplete === true) return givenToolCalls(given);
      return toolCallsOf(saidIn(call, context, generate, now).entries);
    },
  };
}

function kindOf({ origin, direction, fromNumber, toNumber }: CallRecord) {
  return origin === 'web'
    ? { type: 'web_call', direction: undefined, fromNumber: undefined, toNumber: undefined }
    : { type: 'phone_call', direction, fromNumber, toNumber };
}

function durationOf(
  { details }: CallRecord,
  startedAt: number | undefined,
  endedAt: number | undefined,
): number | undefined {
  if (endedAt === undefined) return undefined;
  const given = details.given?.fields.duration_ms;
  return given ?? (startedAt === undefined ? undefined : endedAt - startedAt);
}

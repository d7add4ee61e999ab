import type { CallEntry } from '../../domain/calls/call.js';
import type { ToolCallFacets } from '../../domain/calls/call-filter.js';
import type { TimedEntry } from './timing.js';

/** The calls of tools in a conversation, each with its result, if it has one. */
export function toolCallsOf(entries: readonly TimedEntry[]): ToolCallFacets[] {
  return entries.flatMap(({ entry, start }, index) => {
    if (entry.role !== 'tool_call_invocation') return [];
    const result = entries
      .slice(index + 1)
      .find((later) => later.entry.role.startsWith('tool_call_'));
    const answered = result?.entry.role === 'tool_call_result' ? result.entry : undefined;
    return [
      {
        ...{ name: entry.name, type: entry.type, successful: answered?.successful },
        latency:
          result === undefined || answered === undefined ? 0 : Math.round(result.start - start),
      },
    ];
  });
}

/** The same of transcripts that fixtures gave, which tell neither the type of a tool nor its latency. */
export const givenToolCalls = (entries: readonly CallEntry[] = []): ToolCallFacets[] =>
  entries.flatMap((entry) => {
    if (entry.role !== 'tool_call_invocation') return [];
    const result = entries.find(
      (other) => other.role === 'tool_call_result' && other.tool_call_id === entry.tool_call_id,
    );
    const successful = result?.role === 'tool_call_result' ? result.successful : undefined;
    return [{ name: entry.name, type: '', successful, latency: 0 }];
  });

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

import type { components } from '../../contract/retell.gen.js';
import { allowedFrom, type CallTimeWindow } from './call-time-window.js';

export type BatchCallTask = components['schemas']['BatchCallTask'];

/** A batch of calls that were not all dialled yet. */
export interface BatchCallContent {
  readonly name: string;
  readonly from_number: string;
  readonly total_task_count: number;
  readonly call_time_window?: CallTimeWindow;
  readonly reserved_concurrency: number;
  /** How many tasks were dialled, or dropped. */
  readonly dialled: number;
  /** When the last one was. */
  readonly dialledAt?: number;
}

/** `finished`: all tasks were dialled; the batch is kept until another one may dial. */
export type BatchCallStatus = 'dialling' | 'waiting_for_room' | 'finished';

/** The name of a task of a batch; tasks count from 0. */
export const taskIdOf = (batchId: string, index: number): string => `${batchId}_${String(index)}`;

/** What a batch must keep to when it dials. */
export interface DialLimits {
  /** The shortest time between two calls of batches. */
  readonly interval: number;
  /** When a batch of the workspace last dialled; -Infinity for never. */
  readonly lastDialledAt: number;
  /** Calls that may begin now, besides those that are reserved. */
  readonly room: number;
}

/** What a batch that is due at a moment does: dial, or wait until a time or for room. */
export type DialStep =
  | { readonly kind: 'dial' }
  | { readonly kind: 'wait-until'; readonly time: number }
  | { readonly kind: 'wait-for-room' };

/** Documented: within its windows, not faster than the limit, and only if there is room. */
export function nextDialStep(
  { call_time_window: window }: BatchCallContent,
  at: number,
  { interval, lastDialledAt, room }: DialLimits,
): DialStep {
  const paced = Math.max(at, lastDialledAt + interval);
  const allowed = window === undefined ? paced : allowedFrom(window, paced);
  if (allowed > at) return { kind: 'wait-until', time: allowed };
  return room > 0 ? { kind: 'dial' } : { kind: 'wait-for-room' };
}

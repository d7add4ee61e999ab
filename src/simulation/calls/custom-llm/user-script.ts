import type { CallEntryInput } from '../../../domain/calls/forced-call.js';
import type { UserTurn } from '../../../domain/custom-llm/session.js';
import type { Draw } from '../../../random.js';
import { parseDuration } from '../../../workspace/settings.js';

/** Milliseconds that somebody takes to answer. */
const pauses = { least: 300, most: 1200 } as const;

/** How long the user waits before a turn, or before hanging up. */
export const pauseBefore = (turn: number, draw: Draw): number =>
  Math.round(pauses.least + (pauses.most - pauses.least) * draw('pause', turn));

/** What the user of a call says and does, as it was ordered. What the agent says, its server decides. */
export const orderedTurns = (ordered: readonly CallEntryInput[], draw: Draw): UserTurn[] =>
  ordered.flatMap((entry, index): UserTurn[] => {
    const pause = pauseBefore(index, draw);
    switch (entry.role) {
      case 'dtmf':
        return [{ kind: 'press', pause, digit: entry.digit }];
      case 'silence':
        return [{ kind: 'wait', duration: parseDuration(entry.duration) ?? 0 }];
      case 'user': {
        const { content, interruptAfter: interruptsAfter } = entry;
        return [{ kind: 'say', pause, content, interruptsAfter }];
      }
      case 'agent':
      case 'tool':
      case 'transfer_target':
        return [];
    }
  });

const openings = [
  'Hello, I have a question about my appointment.',
  'Hi, could you help me with my order?',
  'Good morning, I would like to know more about what you offer.',
  'Hello, I am calling about my last invoice.',
];

const replies = [
  'Yes, that is right.',
  'Could you tell me more about that?',
  'Okay, and what happens next?',
  'I see. How long does that take?',
  'Sorry, could you say that once more?',
  'No, I have not done that yet.',
];

const closings = ['That is all, thank you. Bye!', 'Great, thanks for your help. Goodbye!'];

/** The most replies between the first and the last that the user says. */
const maxReplies = 3;

/** What the user says if nobody ordered anything: it fits any agent, and is the same for the same call. */
export function drawnTurns(draw: Draw): UserTurn[] {
  const pick = (texts: readonly string[], ...key: (string | number)[]): string =>
    texts[Math.floor(draw(...key) * texts.length)] ?? '';
  const start = Math.floor(draw('reply') * replies.length);
  const count = 1 + Math.floor(draw('replies') * maxReplies);
  const contents = [
    pick(openings, 'opening'),
    // Neighbours in the list, so that none is said twice.
    ...Array.from({ length: count }, (_, index) => replies[(start + index) % replies.length] ?? ''),
    pick(closings, 'closing'),
  ];
  return contents.map((content, index) => ({
    ...{ kind: 'say', content, pause: pauseBefore(index, draw) },
  }));
}

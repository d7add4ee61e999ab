import { toClause } from './text.js';

/**
 * The question of an agent whose instruction is to ask: `Ask for the caller's name` → `May I ask you
 * for your name?`. Undefined for other instructions.
 */
export function questionOf(instruction: string): string | undefined {
  const asked =
    /\b(?:ask|collect|request|get|confirm|gather)\b(?:\s+(?:the )?(?:user|caller|customer|patient|client)(?:['’]s\b)?)?\s+((?:for|about|whether|if|the|their|his|her|what|which|when)\b[^.!?\n]{2,120})/i.exec(
      instruction.slice(0, 1000),
    )?.[1];
  if (asked === undefined) return undefined;
  const about = toClause(asked)
    .replace(/^(?:for|about)\s+/i, '')
    .replaceAll(/\b(?:the )?(?:user|caller|customer|patient|client)['’]s\b/gi, 'your')
    .replaceAll(/\b(?:the )?(?:user|caller|customer|patient|client)\b/gi, 'you')
    .replaceAll(/\b(?:their|his|her)\b/gi, 'your')
    .replaceAll(/\b(?:they|he|she)\b/gi, 'you')
    .replaceAll(/\byou (?:is|has)\b/gi, (found) => (/is$/i.test(found) ? 'you are' : 'you have'))
    .replaceAll(/\byou (want|need|prefer|like|wish)s\b/gi, 'you $1');
  return /^(?:whether|if|what|which|when)\b/i.test(about)
    ? `Could you tell me ${about}?`
    : `May I ask you for ${about}?`;
}

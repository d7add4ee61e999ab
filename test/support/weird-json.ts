import fc from 'fast-check';

/** JSON that is odd, and texts that are hardly JSON. */
export const weirdJson = fc.constantFrom(
  ...['1e400', '-1e400', '-0', '9007199254740993', '1.5', 'null', 'true', '"\\u0000"', '""'],
  ...['[]', '{}', '"\\ud800"', '{"__proto__":{"a":1}}', '{"constructor":{"prototype":{}}}'],
  ...[
    '{"a":1,"a":2}',
    `"${'x'.repeat(70_000)}"`,
    '['.repeat(5000),
    `${'['.repeat(500)}${']'.repeat(500)}`,
  ],
  ...['NaN', 'undefined', "'x'", '01', '1.', '{"a":}', '\u00ff\u00fe', '"\n"'],
);

// Brings definitions in line with a file: updates those it knows by id, and creates those that
// are gone, or new. Speaks HTTP itself. Usage: node sync-definitions.js FILE
import { readFileSync, writeFileSync } from 'node:fs';

const { RETELL_BASE_URL: base, RETELL_API_KEY: key } = process.env;
const file = process.argv[2];

async function call(method, path, body) {
  const answer = await fetch(base + path, {
    method,
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: await answer.json() };
}

const wanted = JSON.parse(readFileSync(file, 'utf8'));
for (const definition of wanted) {
  const { id, ...content } = definition;
  let answer = id
    ? await call('PUT', `/update-test-case-definition/${id}`, content)
    : { status: 404 };
  const what = answer.status === 404 ? 'created' : 'updated';
  if (answer.status === 404) answer = await call('POST', '/create-test-case-definition', content);
  if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.body.message}`);
  definition.id = answer.body.test_case_definition_id;
  console.log(`${what} ${content.name}`);
}
writeFileSync(file, JSON.stringify(wanted));

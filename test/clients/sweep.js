// Deletes definitions whose name begins with a prefix, paging with the greatest limit, and backing
// off when it is told to. Usage: node sweep.js LLM_ID PREFIX
const { RETELL_BASE_URL: base, RETELL_API_KEY: key } = process.env;
const [llmId, prefix] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${key}` };

async function call(method, path) {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const answer = await fetch(base + path, { method, headers });
    if (answer.status !== 429) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20 * 2 ** attempt));
  }
  throw new Error('rate limited for good');
}

const found = [];
for (let paginationKey; ;) {
  const query = new URLSearchParams({ type: 'retell-llm', llm_id: llmId, limit: '1000' });
  if (paginationKey) query.set('pagination_key', paginationKey);
  const answer = await call('GET', `/v2/list-test-case-definitions?${query}`);
  const page = await answer.json();
  found.push(...page.items.filter(({ name }) => name.startsWith(prefix)));
  if (!page.has_more) break;
  paginationKey = page.pagination_key;
}
let deleted = 0;
for (const { test_case_definition_id: id } of found) {
  const { status } = await call('DELETE', `/delete-test-case-definition/${id}`);
  if (status !== 204 && status !== 404) throw new Error(`cannot delete ${id}: ${status}`);
  deleted += 1;
}
console.log(`deleted ${deleted}`);

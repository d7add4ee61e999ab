// A stand-in on this machine for the model provider of the demos: it streams chat completions.
import { createServer } from 'node:http';
import { once } from 'node:events';

/** The last text of a role in a request. */
const lastOf = (messages, role) =>
  messages.filter((message) => message.role === role).at(-1)?.content ?? '';

/** What the model says or calls, from what the user said last and from the tools that there are. */
export function answerOf({ messages, tools = [] }) {
  const last = messages.at(-1);
  const said = lastOf(messages, 'user');
  const has = (name) => tools.some((tool) => tool.function.name === name);
  if (last.role === 'tool') return { text: `${last.content}. Anything else?` };
  if (said.startsWith('(Now the user has not responded')) return { text: 'Are you still there?' };
  if (/appointment/i.test(said) && has('book_appointment')) {
    return {
      tool: 'book_appointment',
      given: { message: 'One moment please.', date: '2026-03-06' },
    };
  }
  if (/\bbye\b/i.test(said) && has('end_call')) {
    return { tool: 'end_call', given: { message: 'Take care, goodbye.' } };
  }
  return { text: `I hear that you say: ${said}` };
}

/** The parts of an answer, as the provider streams them. */
function chunksOf({ text, tool, given }) {
  if (tool === undefined) return text.split(/(?<= )/).map((content) => ({ content }));
  const call = (fields) => ({ tool_calls: [{ index: 0, ...fields }] });
  const texts = JSON.stringify(given).match(/.{1,12}/gs);
  return [
    call({ id: `call_${tool}`, type: 'function', function: { name: tool, arguments: '' } }),
    ...texts.map((part) => call({ function: { arguments: part } })),
  ];
}

async function bodyOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

export async function startModelProvider() {
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const delta of chunksOf(answerOf(body))) {
        const chunk = { id: 'chatcmpl_1', object: 'chat.completion.chunk', created: 1 };
        const choices = [{ index: 0, delta, finish_reason: null }];
        response.write(`data: ${JSON.stringify({ ...chunk, model: body.model, choices })}\n\n`);
      }
      response.end('data: [DONE]\n\n');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${server.address().port}/v1`,
    end: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

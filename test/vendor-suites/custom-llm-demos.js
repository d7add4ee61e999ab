// Runs the vendor's demo servers for custom LLMs, as they are, with calls of the built emulator.
// Usage: node test/vendor-suites/custom-llm-demos.js node=FOLDER python=FOLDER   (see README.md here)
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startEmulator } from '../../bench/processes.js';
import { startModelProvider } from './model-provider.js';

const apiKey = 'key_demos';
/** The Node demo has it in its code. */
const port = 8080;

const keysOf = (provider) => ({
  ...{ OPENAI_APIKEY: 'stand-in', OPENAI_API_KEY: 'stand-in', OPENAI_ORGANIZATION_ID: 'none' },
  ...{ RETELL_API_KEY: apiKey, OPENAI_BASE_URL: provider.url },
});

/** How each demo is started, in a folder that has its keys. */
const demos = {
  node: (folder, _place, provider) =>
    spawn(process.execPath, [join(folder, 'node_modules/ts-node/dist/bin.js'), 'src/index.ts'], {
      ...{ cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] },
      env: { ...process.env, NODE_ENV: 'development', ...keysOf(provider) },
    }),
  python: (folder, place, provider) => {
    // It reads its keys from a file beside its code, and these win over the environment.
    const lines = Object.entries(keysOf(provider)).map(([name, value]) => `${name}="${value}"\n`);
    writeFileSync(join(place, '.env'), lines.join(''));
    symlinkSync(join(folder, 'app'), join(place, 'app'));
    const { PYTHON: python = 'python3' } = process.env;
    const args = ['-m', 'uvicorn', 'app.server:app', '--port', String(port)];
    return spawn(python, args, {
      ...{ cwd: place, stdio: ['ignore', 'pipe', 'pipe'] },
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
  },
};

const isOpen = () =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true) || socket.destroy());
    socket.once('error', () => resolve(false));
  });

async function startDemo(name, folder, provider) {
  if (await isOpen()) throw new Error(`port ${port} is in use`);
  const place = mkdtempSync(join(tmpdir(), 'custom-llm-demo-'));
  const child = demos[name](folder, place, provider);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => (output += chunk));
  }
  let hasEnded = false;
  const ended = once(child, 'exit').then(() => (hasEnded = true));
  while (!(await isOpen())) {
    if (hasEnded) throw new Error(`the demo ended: ${output}`);
    await wait(100);
  }
  return {
    output: () => output,
    async end() {
      child.kill('SIGKILL');
      await ended;
      rmSync(place, { recursive: true });
    },
  };
}

const says = (...contents) => contents.map((content) => ({ role: 'user', content }));

const first = "Agent: Hey there, I'm your personal AI therapist, how can I help you";
const heard = (text) => `User: ${text}\nAgent: I hear that you say: ${text}`;

/** What each demo is asked, and what must become of the call. Only that for Node has tools. */
const cases = [
  {
    name: 'a conversation',
    transcript: says('I sleep badly.', 'Since May.'),
    expected: {
      disconnection_reason: 'user_hangup',
      transcript: new RegExp(
        `^${escape(first)}\\??\n${escape(heard('I sleep badly.'))}\n${escape(heard('Since May.'))}$`,
      ),
    },
  },
  {
    name: 'the user breaks in',
    transcript: [{ role: 'user', content: 'Wait!', interruptAfter: 12 }],
    expected: {
      disconnection_reason: 'user_hangup',
      transcript: new RegExp(`^Agent: Hey there,\n${escape(heard('Wait!'))}$`),
    },
  },
  {
    name: 'a silence and a reminder',
    transcript: [...says('Hm.'), { role: 'silence', duration: '15s' }, ...says('Here I am.')],
    expected: {
      transcript: new RegExp(
        `${escape(heard('Hm.'))}\nAgent: Are you still there\\?\n${escape(heard('Here I am.'))}$`,
      ),
    },
  },
  {
    name: 'a dropped connection',
    transcript: says('Hello?', 'Again?'),
    socketFaults: [{ fault: 'drop', turn: 2 }],
    // The new connection begins like the first one: the demo greets again, which nobody asked for.
    expected: {
      disconnection_reason: 'user_hangup',
      transcript: new RegExp(`${escape(heard('Hello?'))}\n${escape(heard('Again?'))}$`),
    },
  },
  {
    name: 'a web call',
    isWeb: true,
    transcript: says('From a browser.'),
    expected: {
      call_type: 'web_call',
      transcript: new RegExp(`${escape(heard('From a browser.'))}$`),
    },
  },
  {
    name: 'an appointment by a tool',
    only: 'node',
    transcript: says('An appointment, please.'),
    expected: {
      transcript:
        /User: An appointment, please\.\nAgent: One moment please\.\nAgent: Appointment booked successfully\. Anything else\?$/,
      tools: ['tool_call_invocation', 'tool_call_result'],
    },
  },
  {
    name: 'the agent hangs up',
    only: 'node',
    transcript: says('Bye!', 'Too late.'),
    expected: {
      disconnection_reason: 'agent_hangup',
      transcript: /User: Bye!\nAgent: Take care, goodbye\.$/,
    },
  },
];

function escape(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

const clientOf = (url) => async (method, path, body) => {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
};

/** Holds one call, and says what was not as expected. */
async function hold(send, { transcript, socketFaults, isWeb = false, expected }) {
  const server = `127.0.0.1:${port}`;
  await send('POST', '/_emulator/reset', {});
  await send('PUT', '/_emulator/clock', { mode: 'manual' });
  await send('POST', '/_emulator/call-rules', {
    outcome: { transcript, ...(socketFaults && { socketFaults }) },
  });
  const { agent_id } = await send('POST', '/create-agent', {
    response_engine: { type: 'custom-llm', llm_websocket_url: `ws://${server}/llm-websocket` },
    ...{ voice_id: '11labs-Adrian', webhook_url: `http://${server}/webhook` },
  });
  const numbers = { from_number: '+14157774444', to_number: '+12137774445' };
  const { call_id } = isWeb
    ? await send('POST', '/v3/create-web-call', { agent_id })
    : await send('POST', '/v2/create-phone-call', { ...numbers, override_agent_id: agent_id });
  await send('POST', '/_emulator/clock/advance', { until: 'idle' });
  const call = await send('GET', `/v2/get-call/${call_id}`);
  const { items } = await send('GET', '/_emulator/webhooks?limit=100');
  const { tools = [], ...fields } = expected;
  const roles = (call.transcript_with_tool_calls ?? []).map(({ role }) => role);
  const found = [
    ...Object.entries(fields).flatMap(([name, value]) =>
      (value instanceof RegExp ? value.test(call[name]) : call[name] === value)
        ? []
        : [`${name} is ${JSON.stringify(call[name])}`],
    ),
    ...tools.filter((role) => !roles.includes(role)).map((role) => `there is no ${role}`),
    ...(call.call_analysis === undefined ? ['it was not analysed'] : []),
    ...['call_started', 'call_ended', 'call_analyzed']
      .filter((event) => !items.some((item) => item.event === event && item.state === 'delivered'))
      .map(
        (event) => `${event} was not taken: ${items.map((item) => `${item.event} ${item.state}`)}`,
      ),
  ];
  return found;
}

async function runDemo(name, folder, provider) {
  const demo = await startDemo(name, folder, provider);
  const emulator = await startEmulator('--database', ':memory:', '--webhook-call-key', 'both');
  const results = [];
  try {
    for (const one of cases.filter(({ only = name }) => only === name)) {
      const found = await hold(clientOf(emulator.url), one);
      results.push({ demo: name, call: one.name, found });
    }
  } finally {
    await emulator.end();
    await demo.end();
  }
  return { results, output: demo.output() };
}

const given = process.argv.slice(2).map((argument) => argument.split('='));
if (given.length === 0 || given.some(([name, folder]) => !(name in demos) || !folder)) {
  console.error('usage: node test/vendor-suites/custom-llm-demos.js node=FOLDER python=FOLDER');
  process.exit(2);
}
const provider = await startModelProvider();
let hasFailed = false;
console.log('| demo | call | result |\n| --- | --- | --- |');
for (const [name, folder] of given) {
  const { results, output } = await runDemo(name, resolve(folder), provider);
  for (const { demo, call, found } of results) {
    const result = found.length === 0 ? 'as expected' : found.join('; ').replaceAll('\n', ' / ');
    console.log(`| ${demo} | ${call} | ${result} |`);
  }
  if (results.some(({ found }) => found.length > 0)) {
    hasFailed = true;
    console.error(output);
  }
}
provider.end();
process.exitCode = hasFailed ? 1 : 0;

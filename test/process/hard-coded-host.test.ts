import { execFile, spawnSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/files.js';

const run = promisify(execFile);
const succeeds = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

/** A network and a hosts file of the test's own, in which port 443 is free. */
const surroundings = ['--user', '--map-root-user', '--mount', '--net'];
const hasAll =
  succeeds('unshare', ...surroundings, 'ip', 'link', 'set', 'lo', 'up') &&
  succeeds('openssl', 'version');

const programs: { name: string; needs: string[]; variable: string; command: string }[] = [
  {
    ...{ name: 'Python with urllib', needs: ['python3', '--version'] },
    ...{ variable: 'SSL_CERT_FILE', command: 'python3 app.py' },
  },
  {
    ...{ name: 'Python with requests', needs: ['python3', '-c', 'import requests'] },
    ...{ variable: 'REQUESTS_CA_BUNDLE', command: 'python3 with-requests.py' },
  },
  {
    ...{ name: 'Node', needs: ['node', '--version'] },
    ...{ variable: 'NODE_EXTRA_CA_CERTS', command: 'node app.mjs' },
  },
  {
    ...{ name: 'curl', needs: ['curl', '--version'] },
    variable: 'CURL_CA_BUNDLE',
    command: `curl -sS https://api.retellai.com/create-retell-llm -H 'Authorization: Bearer key_a' --json '{"begin_message":"Hello!"}' -o answer -w '%{http_code} ' && grep -o 'Hello!' answer`,
  },
];

const files = {
  'with-requests.py': `
import requests
response = requests.post("https://api.retellai.com/create-retell-llm",
    json={"begin_message": "Hello!"}, headers={"Authorization": "Bearer key_local"})
print(response.status_code, response.json()["begin_message"])`,
  'app.mjs': `
const response = await fetch('https://api.retellai.com/create-retell-llm', {
  method: 'POST',
  headers: { authorization: 'Bearer key_local', 'content-type': 'application/json' },
  body: JSON.stringify({ begin_message: 'Hello!' }),
});
console.log(response.status, (await response.json()).begin_message);`,
};

describe.runIf(hasAll)("the vendor's name in the hosts file", () => {
  it('leads programs of every language to the emulator, as the page says', async () => {
    const folder = temporaryFolder();
    cpSync('examples/hard-coded-host', folder, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const present = programs.filter(({ needs: [command = '', ...args] }) =>
      succeeds(command, ...args),
    );
    const script = [
      'sh certificate.sh 2>/dev/null',
      'ip link set lo up',
      'echo "127.0.0.1 api.retellai.com" >hosts && mount --bind hosts /etc/hosts',
      'certificate=$PWD/certificate/retell.pem',
      '"$1" "$2" --database :memory: --port 443 --tls-cert "$certificate" \\',
      '  --tls-key certificate/retell.key --log-level silent >ready &',
      `trap 'kill $!' EXIT`,
      'until grep -q Ready: ready; do kill -0 $!; read -t 0.05 _ <>ready.pipe || true; done',
      ...present.map(({ variable, command }) => `(export ${variable}=$certificate; ${command})`),
    ].join('\n');
    const args = [resolve('dist/bin.js')];
    const shell = ['bash', '-ec', `mkfifo ready.pipe\n${script}`, 'bash', process.execPath];
    const { stdout } = await run('unshare', [...surroundings, ...shell, ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
    });
    expect(present.length).toBeGreaterThan(1);
    expect(stdout).toBe('201 Hello!\n'.repeat(present.length));
  });
});

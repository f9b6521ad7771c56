import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { codeBlocks, readDocument } from './harness/markdown.ts';
import { freePort, startProgram } from './harness/programs.ts';
import { answering, startReceiver } from './harness/receiver.ts';
import { startServer } from './harness/server.ts';

const SECRET = `whsec_${Buffer.alloc(32, 'a secret for tests ').toString('base64')}`;

/** The first use of Go compiles its standard library. */
const TIMEOUT_MS = 120_000;

interface Example {
  language: string;
  file: string;
  command: [program: string, ...args: string[]];
}

const EXAMPLES: Example[] = [
  { language: 'js', file: 'receiver.mjs', command: [process.execPath, 'receiver.mjs'] },
  { language: 'python', file: 'receiver.py', command: ['python3', 'receiver.py'] },
  { language: 'go', file: 'receiver.go', command: ['go', 'run', 'receiver.go'] },
  { language: 'java', file: 'Receiver.java', command: ['java', 'Receiver.java'] },
  { language: 'php', file: 'receiver.php', command: ['php', '-S', '127.0.0.1:9000', 'receiver.php'] },
  { language: 'csharp', file: 'receiver.cs', command: ['dotnet', 'run', 'receiver.cs'] },
];

function isInstalled(program: string, versionArg: string): boolean {
  try {
    execFileSync(program, [versionArg], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-receiver-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** The one example of a language in the receivers' guide, or of several the one whose first line names the file. */
function exampleIn(language: string, file = ''): string {
  const found = codeBlocks(readDocument('docs/receiving-webhooks.md'), language);
  const [code, ...others] = found.filter((block) => (block.split('\n')[0] ?? '').endsWith(file));
  if (code === undefined || others.length > 0) throw new Error(`The guide should have one ${file} in ${language}.`);
  return code;
}

/** The headers of a request whose signature is right, or wrong by its body or its age. */
function signedHeaders(body: string, ageS = 0): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000) - ageS;
  const signature = createHmac('sha256', Buffer.from(SECRET.slice('whsec_'.length), 'base64'))
    .update(`evt_1.${timestamp}.${body}`)
    .digest('base64');
  return {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(timestamp),
    // As while a secret is being replaced: one that is right is enough.
    'webhook-signature': `v1,bm90IHRoaXMgb25l v1,${signature}`,
  };
}

for (const { language, file, command } of EXAMPLES) {
  const [program, ...args] = command;
  const versionArg = program === 'go' ? 'version' : '--version';

  test.skipIf(!isInstalled(program, versionArg))(
    `the guide's receiver in ${language} takes what Waybill sends, once, and nothing that was forged`,
    { timeout: TIMEOUT_MS },
    async () => {
      const port = await freePort();
      const folder = makeFolder();
      writeFileSync(join(folder, file), exampleIn(language, file).replaceAll('9000', String(port)));
      const ownArgs = args.map((arg) => arg.replace('9000', String(port)));
      const receiver = startProgram(program, ownArgs, { cwd: folder, env: { ...process.env, WEBHOOK_SECRET: SECRET } });
      await receiver.printed(/listening|Development Server .* started/);

      const server = await startServer({ allow: [`127.0.0.1:${port}`] });
      const url = `http://127.0.0.1:${port}/hook`;
      await server.call('POST', '/webhooks', { name: 'guide', url, signingSecret: SECRET });
      const event = { type: 'order.shipped', data: { text: 'Größe: 7 €' } };
      const { id } = (await server.call('POST', '/events', event)).body;
      await server.logged((line) => line.eventId === id && line.state === 'delivered');
      await receiver.printed(new RegExp(`received order.shipped ${id}`));

      const send = async (body: string, headers: Record<string, string>): Promise<number> =>
        (await fetch(url, { method: 'POST', body, headers })).status;
      expect(await send('{"n": 1}', signedHeaders('{"n": 1}'))).toBe(204);
      expect(await send('{"n": 1}', signedHeaders('{"n": 1}'))).toBe(204);
      expect(await send('{"n": 2}', signedHeaders('{"n": 1}'))).toBe(401);
      expect(await send('{"n": 1}', signedHeaders('{"n": 1}', 3600))).toBe(401);
      expect(await send('{"n": 1}', {})).toBe(401);
      expect(receiver.output.match(/^received /gm)).toHaveLength(2);
    },
  );
}

test.skipIf(!isInstalled('openssl', 'version'))(
  "the guide's shell lines find a signature of Waybill valid, and wrong once the body has changed",
  async () => {
    const receiver = await startReceiver(answering(204));
    const server = await startServer({ allow: [receiver.address] });
    await server.call('POST', '/webhooks', { name: 'guide', url: receiver.url, signingSecret: SECRET });
    await server.call('POST', '/events', { type: 'order.shipped', data: { text: 'Größe: 7 €' } });
    const [arrival] = await receiver.arrived(1);
    const folder = makeFolder();
    const verdictOn = (body: string): string => {
      writeFileSync(join(folder, 'body.json'), body);
      const env = {
        ...process.env,
        WEBHOOK_SECRET: SECRET,
        WEBHOOK_ID: String(arrival?.headers['webhook-id']),
        WEBHOOK_TIMESTAMP: String(arrival?.headers['webhook-timestamp']),
        WEBHOOK_SIGNATURE: String(arrival?.headers['webhook-signature']),
      };
      return execFileSync('sh', ['-ec', exampleIn('sh')], { cwd: folder, env, encoding: 'utf8' }).trim();
    };
    expect(verdictOn(arrival?.body ?? '')).toBe('signature: valid');
    expect(verdictOn(`${arrival?.body} `)).toBe('signature: wrong');
  },
);

/** A function of the guide that says whether a request is genuine. */
async function verifierIn(file: string) {
  const path = join(makeFolder(), file);
  writeFileSync(path, exampleIn('js', file));
  const { isGenuine } = await import(path);
  return isGenuine as (headers: object, body: Buffer, key: string) => Promise<boolean> | boolean;
}

test.each([
  ['ed25519', 'verify-ed25519.mjs'],
  ['github', 'verify-github.mjs'],
])(
  "the guide's way to verify %s takes what Waybill sends, through a rotation, and nothing that was forged",
  async (scheme, file) => {
    const isGenuine = await verifierIn(file);
    const receiver = await startReceiver(answering(204));
    const server = await startServer({ allow: [receiver.address] });
    const settings = { name: 'guide', url: receiver.url, signing: { scheme } };
    const { id, signingSecret } = (await server.call('POST', '/webhooks', settings)).body;
    const key = scheme === 'github' ? signingSecret : `${server.url}/.well-known/jwks.json`;
    for (const count of [1, 2]) {
      await server.call('POST', '/events', { type: 'order.shipped', data: { text: 'Größe: 7 €' } });
      const { headers, body } = (await receiver.arrived(count)).at(-1) ?? expect.fail();
      expect(await isGenuine(headers, Buffer.from(body), key)).toBe(true);
      expect(await isGenuine(headers, Buffer.from(`${body} `), key)).toBe(false);
      expect(await isGenuine({}, Buffer.from(body), key)).toBe(false);
      await server.call('POST', `/webhooks/${id}/rotate-secret`);
    }
  },
);

import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createWebhook, deliveryInState, ownType, publish } from './api/stage.ts';
import { startReceiver } from './harness/receiver.ts';
import { makeDataDir, startServer } from './harness/server.ts';

const PASSWORD = 'swordfish-of-the-proxy';

/** A proxy that opens a way to loopback, whatever name it is asked for. */
async function startProxy() {
  const asked: (string | undefined)[] = [];
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connect', (request, socket: Socket) => {
    asked.push(request.url);
    const way = connect(Number(request.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      way.pipe(socket).pipe(way);
    });
    for (const end of [socket, way]) sockets.add(end.on('error', () => {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

test('a server with a proxy delivers through it, names it in tests and log, and tells its password nobody', async () => {
  const [proxy, receiver] = await Promise.all([startProxy(), startReceiver()]);
  const dataDir = makeDataDir();
  const secretFile = join(dataDir, 'proxy-url');
  writeFileSync(secretFile, `http://user:${PASSWORD}@${proxy.address}\n`);
  const server = await startServer({
    dataDir,
    allow: [`hooks.example.com:${receiver.port}`],
    env: { WAYBILL_HTTP_PROXY_FILE: secretFile, WAYBILL_NO_PROXY: 'internal.example' },
  });
  const type = ownType();
  const url = `http://hooks.example.com:${receiver.port}/a`;
  const { id } = await createWebhook(server, { url, eventTypes: [type] });
  await deliveryInState(server, await publish(server, type), id, 'delivered');
  const { body } = await server.call('POST', `/webhooks/${id}/test`);
  expect(body).toMatchObject({ ok: true, remoteAddress: '127.0.0.1', proxy: proxy.address });
  expect(body.curl).toContain(`--proxytunnel --proxy http://${proxy.address} `);
  expect(proxy.asked).toEqual(Array(2).fill(`hooks.example.com:${receiver.port}`));
  const warning = await server.logged(({ msg }) => String(msg).startsWith('requests go through a proxy'));
  expect(warning).toMatchObject({ level: 'warn', proxy: proxy.address });
  expect(JSON.stringify([server.log, body])).not.toContain(PASSWORD);
});

test.each([
  [
    { WAYBILL_HTTP_PROXY: `socks5://user:${PASSWORD}@127.0.0.1:1080` },
    /WAYBILL_HTTP_PROXY: must be http:\/\/host:port/,
  ],
  [{ WAYBILL_NO_PROXY: '10.0.0.0/99' }, /WAYBILL_NO_PROXY: "10\.0\.0\.0\/99" is not understood/],
])('a setting that cannot be used stops the start with a sentence that names it', async (env, words) => {
  const error = await startServer({ env }).then(() => expect.unreachable(), String);
  expect(error).toMatch(words);
  expect(error).not.toContain(PASSWORD);
});

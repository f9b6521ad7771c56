import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createManualClock } from '../../test/harness/manual-clock.ts';
import { createKeyring } from '../kernel/sealing.ts';
import { createServer } from './server.ts';

test('who announces a body that is too large, and never sends it, hears so at once and is cut off after a while', async () => {
  const clock = createManualClock();
  const faults: unknown[] = [];
  const app = createServer({
    clock,
    sealer: createKeyring([Buffer.alloc(32)]),
    recall: async () => null,
    authenticate: async () => null,
    publicOrigin: null,
    onFault: (error) => faults.push(error),
  });
  app.post('/api/v1/anything', {}, async () => ({}));
  const url = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  onTestFinished(() => app.close());

  const socket = connect(Number(url.port), url.hostname);
  socket.write('POST /api/v1/anything HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
  socket.write(`content-length: ${2 ** 30}\r\n\r\n{`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 413 /);
  await clock.advance(4_000);
  expect(socket.closed).toBe(false);
  await Promise.all([once(socket, 'close'), clock.advance(1_000)]);
  expect(faults).toEqual([]);
});

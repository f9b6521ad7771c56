import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { closed, listen, type Receiver, requestTo, scriptedReceiver, testClient } from './receivers.fixture.ts';

const OPENSSL = 'openssl';

interface KeyPair {
  key: string;
  cert: string;
}

function hasOpenssl(): boolean {
  try {
    execFileSync(OPENSSL, ['version']);
    return true;
  } catch {
    return false;
  }
}

/** A new self-signed certificate, valid for a day, for hooks.example.com or for what else is said. */
function selfSigned(altName = 'DNS:hooks.example.com'): KeyPair {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  try {
    const subject = ['-subj', '/O=Example/CN=hooks.example.com', '-addext', `subjectAltName=${altName}`];
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    execFileSync(OPENSSL, ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** An HTTPS server that answers 204 and closes each connection; `seen` tells of each handshake. */
async function tlsReceiver(pair: KeyPair, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3') {
  const seen: { isResumed: boolean; servername: string | false; alpn: string | false | null }[] = [];
  const server = createServer({ ...pair, maxVersion, ALPNProtocols: ['h2', 'http/1.1'] }, (request, response) => {
    request.resume().on('end', () => response.writeHead(204, { connection: 'close' }).end());
  });
  server.on('secureConnection', (socket: TLSSocket & { servername: string | false }) => {
    seen.push({ isResumed: socket.isSessionReused(), servername: socket.servername, alpn: socket.alpnProtocol });
  });
  return { ...(await listen(server)), seen };
}

function trust(pair: KeyPair): void {
  const before = getCACertificates('default');
  setDefaultCACertificates([...before, pair.cert]);
  onTestFinished(() => setDefaultCACertificates(before));
}

function loopbackClient() {
  return testClient({ resolve: async () => [{ address: '127.0.0.1', family: 4 }] });
}

function urlOf(receiver: Receiver, host = 'hooks.example.com'): string {
  return `https://${host}:${receiver.port}/hook`;
}

describe.skipIf(!hasOpenssl())('TLS (with certificates made by openssl)', () => {
  test('a self-signed certificate is a tls_error, with the reason in words and the certificate for a fresh send', async () => {
    const pair = selfSigned();
    const receiver = await tlsReceiver(pair);
    const exchange = await loopbackClient().send(requestTo(urlOf(receiver), { fresh: true }));
    expect(exchange.failure).toEqual({
      code: 'tls_error',
      message:
        `The certificate of hooks.example.com:${receiver.port} is not trusted: ` +
        'it is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT).',
    });
    const leaf = new X509Certificate(pair.cert);
    expect(exchange.certificate).toEqual({
      subject: 'O=Example, CN=hooks.example.com',
      issuer: 'O=Example, CN=hooks.example.com',
      notBefore: leaf.validFromDate.toISOString(),
      notAfter: leaf.validToDate.toISOString(),
      sha256: createHash('sha256').update(leaf.raw).digest('hex'),
    });
    expect(exchange).toMatchObject({ response: null, remoteAddress: '127.0.0.1' });
  });

  test('a self-signed certificate is refused on every send, also when a session could be resumed', async () => {
    const receiver = await tlsReceiver(selfSigned(), 'TLSv1.2');
    const client = loopbackClient();
    for (let i = 0; i < 3; i += 1) {
      const exchange = await client.send(requestTo(urlOf(receiver)));
      expect(exchange.failure?.code).toBe('tls_error');
      expect(exchange.certificate).toBeNull();
    }
    expect(receiver.seen.some(({ isResumed }) => isResumed)).toBe(false);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a trusted receiver is reached over %s, and its session resumed',
    async (version) => {
      const pair = selfSigned();
      trust(pair);
      const receiver = await tlsReceiver(pair, version);
      const client = loopbackClient();
      for (let i = 0; i < 3; i += 1) expect((await client.send(requestTo(urlOf(receiver)))).failure).toBeNull();
      expect(receiver.seen.map(({ isResumed }) => isResumed)).toEqual([false, true, true]);
      expect(receiver.seen[0]).toMatchObject({ servername: 'hooks.example.com', alpn: 'http/1.1' });
    },
  );

  test('a fresh send over TLS times every phase and does not resume', async () => {
    const pair = selfSigned();
    trust(pair);
    const receiver = await tlsReceiver(pair);
    const client = loopbackClient();
    await client.send(requestTo(urlOf(receiver)));
    const exchange = await client.send(requestTo(urlOf(receiver), { fresh: true }));
    expect(exchange.failure).toBeNull();
    for (const ms of Object.values(exchange.timings ?? {})) expect(ms).toEqual(expect.any(Number));
    expect(exchange.certificate?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(receiver.seen.map(({ isResumed }) => isResumed)).toEqual([false, false]);
  });

  test('a certificate for another name is a tls_error', async () => {
    const pair = selfSigned('DNS:other.example.com');
    trust(pair);
    const receiver = await tlsReceiver(pair);
    const exchange = await loopbackClient().send(requestTo(urlOf(receiver)));
    expect(exchange.failure?.code).toBe('tls_error');
    expect(exchange.failure?.message).toContain('it was issued for another name');
  });

  test('a literal address needs a certificate for that address', async () => {
    for (const [altName, code] of [
      ['IP:127.0.0.1', undefined],
      ['IP:127.0.0.2', 'tls_error'],
      ['DNS:127.0.0.1', 'tls_error'],
    ]) {
      const pair = selfSigned(altName);
      trust(pair);
      const receiver = await tlsReceiver(pair);
      const exchange = await testClient().send(requestTo(urlOf(receiver, '127.0.0.1')));
      expect(exchange.failure?.code, altName).toBe(code);
    }
  });

  test('a name with a dot at its end is verified without it', async () => {
    const pair = selfSigned();
    trust(pair);
    const receiver = await tlsReceiver(pair);
    expect((await loopbackClient().send(requestTo(urlOf(receiver, 'hooks.example.com.')))).failure).toBeNull();
  });
});

test('a receiver that speaks plain HTTP on an https port is a tls_error', async () => {
  const receiver = await scriptedReceiver((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const exchange = await loopbackClient().send(requestTo(urlOf(receiver), { fresh: true }));
  expect(exchange.failure?.code).toBe('tls_error');
  expect(exchange.failure?.message).toContain(`hooks.example.com:${receiver.port}`);
  expect(exchange.certificate).toBeNull();
});

test('a handshake that never ends is a timeout, and the connection is closed', async () => {
  const receiver = await scriptedReceiver(() => {});
  const exchange = await loopbackClient().send(requestTo(urlOf(receiver), { timeoutMs: 200, fresh: true }));
  expect(exchange.failure?.code).toBe('timeout');
  expect(exchange.failure?.message).toContain('it did not finish the TLS handshake');
  expect(exchange.timings).toMatchObject({ connectMs: expect.any(Number), tlsMs: null });
  await closed(receiver.connections[0]);
});

test.each(['FIN', 'RST'])(
  'a connection that ends with a %s during the handshake is a connection_reset',
  async (how) => {
    const receiver = await listen(
      createTcpServer((socket) => socket.once('data', () => (how === 'FIN' ? socket.end() : socket.resetAndDestroy()))),
    );
    const exchange = await loopbackClient().send(requestTo(urlOf(receiver)));
    expect(exchange.failure?.code).toBe('connection_reset');
  },
);

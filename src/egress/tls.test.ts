import { X509Certificate } from 'node:crypto';
import { createServer, type ServerOptions } from 'node:https';
import { createServer as createTcpServer } from 'node:net';
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { hasOpenssl, type KeyPair, makeCertificate, pinOf } from '../../test/harness/certificates.ts';
import type { OutboundRequest } from './exchange.ts';
import { closed, listen, type Receiver, requestTo, scriptedReceiver, testClient } from './receivers.fixture.ts';
import { type TlsOptions, tlsSettings } from './tls-settings.ts';

/** An HTTPS server that answers 204 and closes each connection; `seen` tells of each handshake. */
async function tlsReceiver(
  pair: KeyPair,
  maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3',
  options: Pick<ServerOptions, 'requestCert' | 'ca' | 'minVersion' | 'ciphers'> = {},
) {
  const seen: { isResumed: boolean; servername: string | false; alpn: string | false | null }[] = [];
  const server = createServer(
    { ...pair, maxVersion, ALPNProtocols: ['h2', 'http/1.1'], ...options },
    (request, response) => {
      request.resume().on('end', () => response.writeHead(204, { connection: 'close' }).end());
    },
  );
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

describe.skipIf(!hasOpenssl)('TLS (with certificates made by openssl)', () => {
  test('a self-signed certificate is a tls_error, with the reason in words and the certificate for a fresh send', async () => {
    const pair = makeCertificate();
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
      sha256: pinOf(pair),
    });
    expect(exchange).toMatchObject({ response: null, remoteAddress: '127.0.0.1' });
  });

  test('a self-signed certificate is refused on every send, also when a session could be resumed', async () => {
    const receiver = await tlsReceiver(makeCertificate(), 'TLSv1.2');
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
      const pair = makeCertificate();
      trust(pair);
      const receiver = await tlsReceiver(pair, version);
      const client = loopbackClient();
      for (let i = 0; i < 3; i += 1) expect((await client.send(requestTo(urlOf(receiver)))).failure).toBeNull();
      expect(receiver.seen.map(({ isResumed }) => isResumed)).toEqual([false, true, true]);
      expect(receiver.seen[0]).toMatchObject({ servername: 'hooks.example.com', alpn: 'http/1.1' });
    },
  );

  test('a fresh send over TLS times every phase and does not resume', async () => {
    const pair = makeCertificate();
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
    const pair = makeCertificate({ altName: 'DNS:other.example.com' });
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
      const pair = makeCertificate({ altName: altName as string });
      trust(pair);
      const receiver = await tlsReceiver(pair);
      const exchange = await testClient().send(requestTo(urlOf(receiver, '127.0.0.1')));
      expect(exchange.failure?.code, altName).toBe(code);
    }
  });

  test('a name with a dot at its end is verified without it', async () => {
    const pair = makeCertificate();
    trust(pair);
    const receiver = await tlsReceiver(pair);
    expect((await loopbackClient().send(requestTo(urlOf(receiver, 'hooks.example.com.')))).failure).toBeNull();
  });
});

/** Options of which all but those given are nobody's. */
function tlsWith(options: Partial<TlsOptions>) {
  const nothing = {
    caPem: null,
    pinnedSha256: null,
    clientCertPem: null,
    clientKeyPem: null,
    insecureSkipVerify: false,
  };
  return tlsSettings({ ...nothing, ...options });
}

describe.skipIf(!hasOpenssl)('TLS options (with certificates made by openssl)', () => {
  const authority = hasOpenssl ? makeCertificate({ name: 'Example CA', isAuthority: true }) : { key: '', cert: '' };
  const issued = hasOpenssl ? makeCertificate({ issuer: authority }) : { key: '', cert: '' };

  function sendWith(receiver: Receiver, options: Partial<TlsOptions>, more: Partial<OutboundRequest> = {}) {
    return loopbackClient().send(requestTo(urlOf(receiver), { tls: tlsWith(options), ...more }));
  }

  test('an authority of its own is trusted, beside the roots of the system', async () => {
    const receiver = await tlsReceiver(issued);
    expect((await sendWith(receiver, {})).failure?.code).toBe('tls_error');
    expect((await sendWith(receiver, { caPem: authority.cert })).failure).toBeNull();
    const publicOne = makeCertificate();
    trust(publicOne);
    const elsewhere = await tlsReceiver(publicOne);
    expect((await sendWith(elsewhere, { caPem: authority.cert })).failure).toBeNull();
  });

  test("the receiver's own certificate will do as an authority, self-signed or not, but for its own name only", async () => {
    const selfSigned = makeCertificate();
    for (const pair of [selfSigned, issued]) {
      const receiver = await tlsReceiver(pair);
      expect((await sendWith(receiver, { caPem: pair.cert })).failure).toBeNull();
      const client = loopbackClient();
      const tls = tlsWith({ caPem: pair.cert });
      const elsewhere = await client.send(requestTo(urlOf(receiver, 'other.example.com'), { tls }));
      expect(elsewhere).toMatchObject({ failure: { code: 'tls_error' }, tlsTrouble: 'wrong_name' });
    }
  });

  test('the last of several certificates in caPem is trusted too', async () => {
    const receiver = await tlsReceiver(issued);
    const caPem = `# some words\n${makeCertificate({ name: 'Other CA', isAuthority: true }).cert}\n${authority.cert}`;
    expect((await sendWith(receiver, { caPem })).failure).toBeNull();
  });

  test.each([
    ['self-signed', {}],
    ['expired', { days: -1 }],
    ['issued for another name', { altName: 'DNS:other.example.com' }],
  ])('a pinned certificate is trusted although it is %s', async (_what, options) => {
    const pair = makeCertificate(options);
    const receiver = await tlsReceiver(pair);
    const client = loopbackClient();
    const tls = tlsWith({ pinnedSha256: pinOf(pair) });
    for (let i = 0; i < 2; i += 1) {
      expect((await client.send(requestTo(urlOf(receiver), { tls }))).failure).toBeNull();
    }
    expect(receiver.seen.map(({ isResumed }) => isResumed)).toEqual([false, false]);
  });

  test.each([
    ['a known authority', () => trust(authority), {}],
    ['one of its own', () => {}, { caPem: authority.cert }],
    ['everybody', () => {}, { insecureSkipVerify: true }],
  ])('a pin that does not match refuses what %s would be trusted for', async (_what, arrange, options) => {
    arrange();
    const receiver = await tlsReceiver(issued);
    const pinnedSha256 = pinOf(makeCertificate());
    const exchange = await sendWith(receiver, { ...options, pinnedSha256 }, { fresh: true });
    expect(exchange).toMatchObject({ failure: { code: 'tls_error' }, tlsTrouble: 'pin_mismatch' });
    expect(exchange.failure?.message).toContain(pinOf(issued));
    expect(exchange.certificate?.sha256).toBe(pinOf(issued));
  });

  test('a receiver whose certificate changes is refused at the next connection by whoever pinned the one before', async () => {
    const [before, after] = [makeCertificate(), makeCertificate()];
    const server = createServer({ ...before }, (request, response) => {
      request.resume().on('end', () => response.writeHead(204, { connection: 'close' }).end());
    });
    const receiver = await listen(server);
    const client = loopbackClient();
    const send = () => client.send(requestTo(urlOf(receiver), { tls: tlsWith({ pinnedSha256: pinOf(before) }) }));
    expect((await send()).failure).toBeNull();
    server.setSecureContext(after);
    expect(await send()).toMatchObject({ failure: { code: 'tls_error' }, tlsTrouble: 'pin_mismatch' });
  });

  test('insecureSkipVerify takes any certificate', async () => {
    const receiver = await tlsReceiver(makeCertificate({ days: -1, altName: 'DNS:other.example.com' }));
    expect((await sendWith(receiver, { insecureSkipVerify: true })).failure).toBeNull();
  });

  test('a connection made under some options is never used under others', async () => {
    const connections = new Set<unknown>();
    const server = createServer(issued, (request, response) => {
      connections.add(request.socket);
      request.resume().on('end', () => response.writeHead(204).end());
    });
    const receiver = await listen(server);
    const client = loopbackClient();
    const send = (options: Partial<TlsOptions>) => client.send(requestTo(urlOf(receiver), { tls: tlsWith(options) }));
    expect((await send({ insecureSkipVerify: true })).failure).toBeNull();
    expect((await send({ insecureSkipVerify: true })).failure).toBeNull();
    expect(connections.size).toBe(1);
    expect((await send({})).failure?.code).toBe('tls_error');
    expect((await send({ caPem: authority.cert })).failure).toBeNull();
    expect((await send({ pinnedSha256: pinOf(issued) })).failure).toBeNull();
    expect(connections.size).toBe(3);
  });

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'of a receiver that asks for a client certificate over %s',
    (version) => {
      const client = hasOpenssl ? makeCertificate({ name: 'client', issuer: authority }) : { key: '', cert: '' };
      const asking = () => tlsReceiver(issued, version, { requestCert: true, ca: authority.cert });
      const caPem = authority.cert;

      test('the one it knows lets the request in', async () => {
        const receiver = await asking();
        const options = { caPem, clientCertPem: client.cert, clientKeyPem: client.key };
        expect((await sendWith(receiver, options)).failure).toBeNull();
      });

      test('none at all is a tls_error that says so, with the certificate of the receiver', async () => {
        const exchange = await sendWith(await asking(), { caPem }, { fresh: true });
        expect(exchange.failure?.code).toBe('tls_error');
        expect(exchange.tlsTrouble).toBe(version === 'TLSv1.3' ? 'client_certificate_wanted' : 'handshake_refused');
        expect(exchange.certificate?.sha256).toBe(pinOf(issued));
      });
    },
  );

  test.each([
    ['expired', { days: -1 }, 'expired'],
    ['self-signed', {}, 'self_signed'],
    ['of an unknown authority', { issuer: authority }, 'unknown_authority'],
  ])('a certificate that is %s is told with what is wrong', async (_what, options, trouble) => {
    const pair = makeCertificate({ issuer: trouble === 'expired' ? authority : undefined, ...options } as object);
    const exchange = await sendWith(await tlsReceiver(pair), trouble === 'expired' ? { caPem: authority.cert } : {}, {
      fresh: true,
    });
    expect(exchange).toMatchObject({ failure: { code: 'tls_error' }, tlsTrouble: trouble });
    expect(exchange.certificate?.sha256).toBe(pinOf(pair));
  });

  test('a receiver that speaks old versions only is told as such', async () => {
    const old = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const exchange = await sendWith(await tlsReceiver(issued, 'TLSv1.1' as 'TLSv1.2', old), {}, { fresh: true });
    expect(exchange).toMatchObject({ failure: { code: 'tls_error' }, tlsTrouble: 'old_version' });
  });
});

test('a receiver that speaks plain HTTP on an https port is a tls_error', async () => {
  const receiver = await scriptedReceiver((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  const exchange = await loopbackClient().send(requestTo(urlOf(receiver), { fresh: true }));
  expect(exchange.failure?.code).toBe('tls_error');
  expect(exchange.failure?.message).toContain(`hooks.example.com:${receiver.port}`);
  expect(exchange.tlsTrouble).toBe('not_tls');
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

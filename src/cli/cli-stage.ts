import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Clock, systemClock } from '../kernel/clock.ts';
import type { CommandIo } from './command-io.ts';
import { run } from './program.ts';

/** What a command line did. */
export interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  env?: Record<string, string>;
  stdin?: string;
  clock?: Clock;
  /** Interrupts the command once it has written this; at once where it is left out. */
  interruptWhen?: (written: { stdout: string; stderr: string }) => boolean;
}

/** Runs a command line as `bin/waybill.js` does, and keeps what it writes. Without an environment it has none. */
export async function runCommand(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const interrupted = Promise.withResolvers<void>();
  const write = (sink: keyof typeof written) => (words: string) => {
    written[sink] += words;
    if (options.interruptWhen?.(written)) interrupted.resolve();
  };
  const exitCode = await run(argv, {
    env: options.env ?? {},
    stdin: streamOf(options.stdin ?? ''),
    stdout: { write: write('stdout') },
    stderr: { write: write('stderr') },
    clock: options.clock ?? systemClock,
    untilInterrupted: () => (options.interruptWhen === undefined ? Promise.resolve() : interrupted.promise),
  } satisfies CommandIo);
  return { exitCode, ...written };
}

async function* streamOf(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content);
}

/** A request that the stand-in for a Waybill server was sent. `body` is parsed, or null where there was none. */
export interface Call {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: unknown;
}

/** A server on a free port that gives one documented answer to every request and remembers what it was asked. */
export interface ApiStandIn extends AsyncDisposable {
  /** The environment in which commands find it. */
  env: { WAYBILL_BASE_URL: string; WAYBILL_API_KEY: string };
  url: string;
  calls: Call[];
}

/** Starts an `ApiStandIn`. A `body` of text is sent as it is, any other as JSON, null not at all. */
export async function standInApi(answer: { status: number; body: unknown; contentType?: string }): Promise<ApiStandIn> {
  const calls: Call[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { method = '', url: path = '', headers } = request;
    calls.push({ method, path, headers, body: body === '' ? null : JSON.parse(body) });
    const contentType = answer.contentType ?? (answer.status < 400 ? 'application/json' : 'application/problem+json');
    response.writeHead(answer.status, { 'content-type': contentType });
    response.end(typeof answer.body === 'string' || answer.body === null ? answer.body : JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    env: { WAYBILL_BASE_URL: url, WAYBILL_API_KEY: 'key_of_the_test' },
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Api, apiOf } from './api.ts';
import { audit, type Finding } from './audit.ts';
import { type Publishers, startPublishers } from './publishers.ts';
import { type Manner, startRecordingReceiver } from './recording-receiver.ts';
import { seededRandom } from './seeded-random.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

export interface KillRun {
  kills: number;
  /** Repeats the same instants and the same slowness. */
  seed: number;
  /** Small enough for the load to fill it, so that the bound on duplicates is put to the test. */
  maxInFlight: number;
  /** Told what is being done. */
  note?: (text: string) => void;
}

export interface KillReport extends Finding {
  kills: number;
  /** Kills before the server had begun to listen. */
  killsDuringStart: number;
  promised: number;
  repeatedRequests: number;
  arrivals: number;
  elapsedMs: number;
}

/** How long a life lasts that is killed at work, and one that is killed while it starts, in ms. */
const AT_WORK_MS = { min: 100, max: 1_200 };
const STARTING_MS = { min: 50, max: 600 };
const SHARE_KILLED_DURING_START = 0.2;
/** Deliveries that publishers let pile up before they wait: enough to keep every slot taken. */
const MAX_BACKLOG = 1_500;
const DRAIN_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** A retry plan that loses no time, and that no flaky answer can use up. */
const RETRY = { strategy: 'fixed', maxAttempts: 100, delayMs: 20, jitter: 0 };

function mannersFrom(random: () => number): Record<string, Manner> {
  return {
    '/quick': { slownessMs: () => 0, status: () => 204 },
    '/slow': { slownessMs: () => 5 + random() * 30, status: () => 204 },
    // Every tenth event is refused at first; by its number, so that no restart changes the answer.
    '/flaky': {
      slownessMs: () => 0,
      status: ({ attempt, sequence }) => (attempt === 1 && sequence % 10 === 0 ? 500 : 204),
    },
  };
}

/**
 * Kills a server under load, again and again at random instants, and starts it on the same folder each time. Then lets
 * it finish and counts. Throws when it does not come back, or does not come to an end.
 */
export async function runKills({ kills, seed, maxInFlight, note = () => {} }: KillRun): Promise<KillReport> {
  const startedAt = performance.now();
  const random = seededRandom(seed);
  const manners = mannersFrom(seededRandom(seed + 1));
  const dataDir = mkdtempSync(join(tmpdir(), 'waybill-chaos-'));
  const webhookPaths = new Map<string, string>();
  const receiver = await startRecordingReceiver({ manners, onAccepted: () => publishers.goOn() });
  const publishers = startPublishers({
    single: 8,
    batch: 2,
    batchSize: 20,
    mayPublish: (promisedCount) => promisedCount * webhookPaths.size - receiver.accepted < MAX_BACKLOG,
  });
  let server: ServerProcess | null = null;

  async function startNext(): Promise<ServerProcess> {
    // On a busy machine some of what the one before has sent is still to be seen.
    await receiver.caughtUp();
    return start();
  }

  function start(): ServerProcess {
    receiver.life += 1;
    server = startServerProcess({ dataDir, allow: receiver.address, maxInFlight });
    return server;
  }

  try {
    const first = start();
    const firstUrl = await urlOf(first);
    for (const path of Object.keys(manners)) {
      const webhook = { name: path, url: `http://${receiver.address}${path}`, retry: RETRY };
      webhookPaths.set((await apiOf(firstUrl).createWebhook(webhook)).id, path);
    }
    publishers.pointAt(firstUrl);

    let killsDuringStart = 0;
    for (let kill = 1, life = first; kill <= kills; kill += 1, life = await startNext()) {
      const isDuringStart = kill > 1 && random() < SHARE_KILLED_DURING_START;
      if (isDuringStart) killsDuringStart += 1;
      await liveAndDie(
        life,
        publishers,
        isDuringStart ? within(STARTING_MS, random) : null,
        within(AT_WORK_MS, random),
      );
      note(`kill ${kill}: ${publishers.promised.length} events acknowledged, ${receiver.arrivals.length} arrivals`);
    }

    const last = server as unknown as ServerProcess;
    const url = await urlOf(last);
    publishers.pointAt(url);
    await publishers.finish();
    note('draining');
    await drain(apiOf(url));
    note('counting');
    const finding = await audit({
      api: apiOf(url),
      promised: publishers.promised,
      arrivals: receiver.arrivals,
      webhookPaths,
      maxInFlight,
    });
    const exitCode = await last.stop();
    if (exitCode !== 0) finding.violations.push(`SIGTERM at the end gave the exit code ${exitCode}`);
    if (last.errors !== '') finding.violations.push(`the last server wrote: ${last.errors}`);
    return {
      ...finding,
      violations: [...publishers.violations, ...finding.violations],
      kills,
      killsDuringStart,
      promised: publishers.promised.length,
      repeatedRequests: publishers.repeated,
      arrivals: receiver.arrivals.length,
      elapsedMs: performance.now() - startedAt,
    };
  } finally {
    await (server as ServerProcess | null)?.kill();
    await receiver.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function within({ min, max }: { min: number; max: number }, random: () => number): number {
  return min + random() * (max - min);
}

/** Lets the server live until it is killed: so long after its start, or else so long after it has begun to listen. */
async function liveAndDie(
  server: ServerProcess,
  publishers: Publishers,
  startingMs: number | null,
  atWorkMs: number,
): Promise<void> {
  if (startingMs === null) {
    publishers.pointAt(await urlOf(server));
    await wait(atWorkMs);
  } else {
    await wait(startingMs);
  }
  await server.kill();
  publishers.pointAt(null);
}

async function urlOf(server: ServerProcess): Promise<string> {
  const url = await server.listening;
  if (url === null) throw new Error(`The server did not come to listen: ${server.errors}`);
  return url;
}

async function drain(api: Api): Promise<void> {
  const deadline = performance.now() + DRAIN_LIMIT_MS;
  while (await api.hasOpenDeliveries()) {
    if (performance.now() > deadline) throw new Error(`Deliveries are still open after ${DRAIN_LIMIT_MS} ms.`);
    await wait(LOOK_EVERY_MS);
  }
}

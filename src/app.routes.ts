import { statfs } from 'node:fs/promises';
import type { Metrics } from './app.metrics.ts';
import type { Api } from './http/index.ts';
import type { Clock } from './kernel/clock.ts';
import { messageOf } from './kernel/errors.ts';
import { Type } from './kernel/type.ts';
import { version } from './kernel/version.ts';
import { probeStore, type Store } from './store/index.ts';

interface Dependencies {
  store: Store;
  dataDir: string;
  clock: Clock;
  metrics: Metrics;
  metricsPublic: boolean;
  /** What kind of instance this is. */
  environment: string;
}

/** The largest batch, once in the database's log and once in the database. */
const LEAST_FREE_BYTES = 2 * 16 * 1024 * 1024;

/** A small write may still fit where a refused one has left a gap in the log: so the room itself is asked for, too. */
async function assertRoom(dataDir: string): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  if (bavail * bsize >= LEAST_FREE_BYTES) return;
  throw new Error(`The disk of the data folder ${dataDir} has less than ${LEAST_FREE_BYTES / 2 ** 20} MiB left.`);
}

const Readiness = Type.Object({ status: Type.Enum(['ok', 'unavailable']), reasons: Type.Array(Type.String()) });

/** What machines ask of the process itself. */
export function processRoutes(
  api: Api,
  { store, dataDir, clock, metrics, metricsPublic, environment }: Dependencies,
): void {
  api.get(
    '/healthz',
    {
      schema: {
        summary: 'Whether the process is alive',
        tags: ['Process'],
        response: { 200: Type.Object({ status: Type.Literal('ok') }) },
      },
    },
    async () => ({ status: 'ok' }) as const,
  );

  api.get(
    '/readyz',
    {
      schema: {
        summary: 'Whether it can work: 503 with the reasons when not',
        tags: ['Process'],
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (_request, reply) => {
      try {
        await store.run(probeStore, { now: clock.now() });
        await assertRoom(dataDir);
        return { status: 'ok' as const, reasons: [] };
      } catch (error) {
        return reply.code(503).send({ status: 'unavailable' as const, reasons: [messageOf(error)] });
      }
    },
  );

  api.get(
    '/metrics',
    {
      config: metricsPublic ? {} : { role: 'viewer' },
      schema: {
        summary: 'Prometheus metrics',
        tags: ['Process'],
        produces: ['text/plain'],
        response: { 200: Type.String({ description: 'The text format of Prometheus.' }) },
      },
    },
    async (_request, reply) => {
      const { body, contentType } = await metrics.render();
      return reply.type(contentType).send(body);
    },
  );

  api.get(
    '/api/v1/about',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Which Waybill this is',
        tags: ['Process'],
        response: {
          200: Type.Object({
            version: Type.String(),
            environment: Type.String({ description: 'The setting `WAYBILL_ENVIRONMENT`.' }),
            node: Type.String({ description: 'The version of Node that it runs on.' }),
          }),
        },
      },
    },
    async () => ({ version, environment, node: process.versions.node }),
  );
}

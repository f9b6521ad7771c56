import type { Metrics } from './app.metrics.ts';
import type { Api } from './http/index.ts';
import type { Clock } from './kernel/clock.ts';
import { messageOf } from './kernel/errors.ts';
import { probeStore, type Store } from './store/index.ts';

interface Dependencies {
  store: Store;
  clock: Clock;
  metrics: Metrics;
  metricsPublic: boolean;
}

/** What machines ask of the process itself. */
export function processRoutes(api: Api, { store, clock, metrics, metricsPublic }: Dependencies): void {
  api.get('/healthz', { schema: { summary: 'Whether the process is alive', tags: ['Process'] } }, async () => ({
    status: 'ok',
  }));

  api.get(
    '/readyz',
    { schema: { summary: 'Whether it can work: 503 with the reasons when not', tags: ['Process'] } },
    async (_request, reply) => {
      try {
        await store.run(probeStore, { now: clock.now() });
        return { status: 'ok', reasons: [] };
      } catch (error) {
        return reply.code(503).send({ status: 'unavailable', reasons: [messageOf(error)] });
      }
    },
  );

  api.get(
    '/metrics',
    { config: metricsPublic ? {} : { role: 'viewer' }, schema: { summary: 'Prometheus metrics', tags: ['Process'] } },
    async (_request, reply) => {
      const { body, contentType } = await metrics.render();
      return reply.type(contentType).send(body);
    },
  );
}

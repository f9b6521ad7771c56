import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { type AttemptReport, countWaiting } from './deliveries/index.ts';
import type { Store } from './store/index.ts';

const LATENCY_SECONDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 3600, 86_400];

export interface Metrics {
  attempted(report: AttemptReport): void;
  /** The page in the text format of Prometheus, and its content type. */
  render(): Promise<{ body: string; contentType: string }>;
}

/** What is counted only when it is asked for. */
export interface Measured {
  store: Store;
  underway: () => number;
  openBreakers: () => number;
  /** How many webhooks have each of the settings that give up protection. */
  insecure: () => ReadonlyMap<string, number>;
}

/** What Prometheus may scrape. Names start with `waybill_`; times are seconds. */
export function createMetrics({ store, underway, openBreakers, insecure }: Measured): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const attempts = new Counter({
    name: 'waybill_attempts_total',
    help: 'Attempts that have ended, by outcome and error code.',
    labelNames: ['outcome', 'error'],
    registers,
  });
  const ended = new Counter({
    name: 'waybill_deliveries_ended_total',
    help: 'Deliveries that have ended by an attempt, by state.',
    labelNames: ['state'],
    registers,
  });
  const duration = new Histogram({
    name: 'waybill_attempt_duration_seconds',
    help: 'From the start of an attempt to the end of the answer.',
    buckets: LATENCY_SECONDS,
    registers,
  });
  const latency = new Histogram({
    name: 'waybill_delivery_latency_seconds',
    help: 'From the event being accepted to the receiver having taken it.',
    buckets: LATENCY_SECONDS,
    registers,
  });
  new Gauge({
    name: 'waybill_deliveries_waiting',
    help: 'Deliveries that wait for a try.',
    registers,
    async collect() {
      this.set((await store.read(countWaiting, null)).waiting);
    },
  });
  new Gauge({
    name: 'waybill_requests_underway',
    help: 'Requests to receivers under way.',
    registers,
    collect() {
      this.set(underway());
    },
  });
  new Gauge({
    name: 'waybill_breakers_open',
    help: 'Webhooks whose receivers fail, so that only probes are sent.',
    registers,
    collect() {
      this.set(openBreakers());
    },
  });
  new Gauge({
    name: 'waybill_webhooks_insecure',
    help: 'Webhooks with a setting that gives up protection, by setting.',
    labelNames: ['setting'],
    registers,
    collect() {
      for (const [setting, count] of insecure()) this.set({ setting }, count);
    },
  });
  new Gauge({
    name: 'waybill_store_commands_waiting',
    help: 'Writes handed to the store and not yet on disk.',
    registers,
    collect() {
      this.set(store.load.waiting);
    },
  });
  new Gauge({
    name: 'waybill_store_commits',
    help: 'Groups of writes committed since the start.',
    registers,
    collect() {
      this.set(store.load.flushes);
    },
  });
  new Gauge({
    name: 'waybill_store_flush_seconds',
    help: 'How long the latest group of writes took, its sync included.',
    registers,
    collect() {
      this.set(store.load.lastFlushMs / 1000);
    },
  });

  return {
    attempted({ outcome, errorCode, state, durationMs, ageMs }) {
      attempts.inc({ outcome, error: errorCode ?? '' });
      duration.observe(durationMs / 1000);
      if (state === 'delivered') latency.observe(ageMs / 1000);
      if (state !== 'retrying') ended.inc({ state });
    },
    render: async () => ({ body: await registry.metrics(), contentType: registry.contentType }),
  };
}

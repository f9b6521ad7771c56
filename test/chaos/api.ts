import { API_KEY } from './server-process.ts';

/** An attempt as the delivery log shows it, as far as the audit looks at it. */
export interface LoggedAttempt {
  number: number;
  trigger: string;
  outcome: 'delivered' | 'failed' | 'unknown';
  response: { status: number } | null;
}

export interface LoggedDelivery {
  id: string;
  eventId: string;
  webhookId: string;
  sequence: number;
  state: string;
  attemptCount: number;
}

export interface LoggedEvent {
  id: string;
  sequence: number;
  data: { marker: string };
}

/** What the chaos runs ask of a running server. Throws on any answer but a 2xx. */
export interface Api {
  createWebhook(webhook: object): Promise<{ id: string; url: string }>;
  /** All events in the order of their sequence, by `?after=`. */
  events(): AsyncGenerator<LoggedEvent>;
  /** All deliveries, newest first. */
  deliveries(): AsyncGenerator<LoggedDelivery>;
  attempts(deliveryId: string): Promise<LoggedAttempt[]>;
  /** Whether any delivery has not ended. */
  hasOpenDeliveries(): Promise<boolean>;
}

const OPEN_STATES = ['pending', 'delivering', 'retrying'];
const PAGE = 250;

export function apiOf(url: string): Api {
  async function call<T>(path: string, body?: object): Promise<T> {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${API_KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  }

  return {
    createWebhook: (webhook) => call('/webhooks', webhook),
    async *events() {
      for (let after = 0; ; ) {
        const { items } = await call<{ items: LoggedEvent[] }>(`/events?after=${after}&limit=${PAGE}`);
        if (items.length === 0) return;
        yield* items;
        after = items.at(-1)?.sequence ?? after;
      }
    },
    async *deliveries() {
      for (let cursor: string | null = ''; cursor !== null; ) {
        const from = cursor === '' ? '' : `&cursor=${cursor}`;
        const page: { items: LoggedDelivery[]; next: string | null } = await call(`/deliveries?limit=${PAGE}${from}`);
        yield* page.items;
        cursor = page.next;
      }
    },
    attempts: async (id) => (await call<{ attempts: LoggedAttempt[] }>(`/deliveries/${id}`)).attempts,
    async hasOpenDeliveries() {
      for (const state of OPEN_STATES) {
        const { items } = await call<{ items: unknown[] }>(`/deliveries?state=${state}&limit=1`);
        if (items.length > 0) return true;
      }
      return false;
    },
  };
}

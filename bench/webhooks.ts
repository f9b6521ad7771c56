import { transferId } from './benchmark-event.ts';
import type { Subject } from './subject.ts';

/** The path of the receiver at which the webhook with that number, from 1, delivers. */
export function webhookPath(webhookNumber: number): string {
  return `/${webhookNumber}`;
}

/**
 * Creates the webhooks 1 … `count` in Waybill. Each takes the events of one transfer, so that every event of the
 * benchmark is delivered once, and has the built-in settings but for those of `settings`. The ceiling has no webhooks.
 */
export async function createWebhooks(
  subject: Subject,
  receiverPort: number,
  count: number,
  settings: Record<string, unknown> = {},
): Promise<void> {
  if (subject.name === 'ceiling') return;
  for (let number = 1; number <= count; number += 1) {
    const url = `http://127.0.0.1:${receiverPort}${webhookPath(number)}`;
    await createWebhook(subject, { url, scope: { transferIds: [transferId(number)] }, ...settings });
  }
}

/** Creates one webhook for completed transfers, with the built-in settings but for those given. */
export async function createWebhook(
  subject: Subject,
  settings: { url: string } & Record<string, unknown>,
): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${subject.port}/api/v1/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${subject.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: `bench ${settings.url}`, eventTypes: ['transfer.completed'], ...settings }),
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`Creating a webhook was answered ${response.status}: ${text}`);
}

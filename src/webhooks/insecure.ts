import type { WebhookDirectory } from './directory.ts';
import type { WebhookConfig } from './webhook.ts';

/** Settings that give up protection. Who uses one is told so wherever the webhook is shown. */
export const INSECURE_SETTINGS = ['tls.insecureSkipVerify', 'allowInsecureHttp'] as const;
type InsecureSetting = (typeof INSECURE_SETTINGS)[number];

/** Those of a webhook's settings, or of the defaults, that give up protection. Pure. */
export function insecureSettings({
  tls,
  allowInsecureHttp,
}: Pick<WebhookConfig<string>, 'tls' | 'allowInsecureHttp'>): InsecureSetting[] {
  const isOn = { 'tls.insecureSkipVerify': tls.insecureSkipVerify, allowInsecureHttp };
  return INSECURE_SETTINGS.filter((setting) => isOn[setting]);
}

/** Who is told: for the log, with a warning in words. */
type Warn = (facts: { webhookId: string; name: string; settings: InsecureSetting[] }, message: string) => void;

/** Counts webhooks with settings that give up protection, and warns of each: at the start, and when it gets one. */
export function watchInsecure(directory: WebhookDirectory, warn: Warn): () => Map<InsecureSetting, number> {
  const warned = new Map<string, string>();

  function look(id: string): void {
    const webhook = directory.get(id);
    const settings = webhook === null ? [] : insecureSettings(webhook.config);
    const before = warned.get(id) ?? '';
    if (webhook === null || settings.length === 0) warned.delete(id);
    else warned.set(id, settings.join());
    if (webhook !== null && settings.some((setting) => !before.includes(setting))) {
      const message = 'a webhook gives up protection: others on the way may read and change what it sends';
      warn({ webhookId: id, name: webhook.record.name, settings }, message);
    }
  }

  for (const { record } of directory.list()) look(record.id);
  directory.onChange(look);

  return () => {
    const lists = directory.list().map(({ config }) => insecureSettings(config));
    return new Map(
      INSECURE_SETTINGS.map((setting) => [setting, lists.filter((list) => list.includes(setting)).length]),
    );
  };
}

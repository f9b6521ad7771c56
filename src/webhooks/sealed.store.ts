import { isId } from '../kernel/ids.ts';
import { isJsonObject, type Json } from '../kernel/json.ts';
import { withReplacements } from '../kernel/sealing.ts';
import type { SealedPart, SealedSecret } from '../sealing/index.ts';
import type { DefaultsRecord } from './defaults.ts';
import { sealedSecretsOf, sealedSecretsOfConfig } from './secrets.ts';
import { readSettings, replaceInSettings } from './settings.store.ts';
import type { OwnConfig, WebhookRecord } from './webhook.ts';
import { DEFAULTS, DEFAULTS_CHANGED, toRecord, type WebhookBook, type WebhookRow } from './webhooks.store.ts';

const PAGE = 100;

const SELECT = 'SELECT * FROM webhooks WHERE number > ? ORDER BY number LIMIT ?';
// Without a new version: what lies there is the same secret.
const UPDATE =
  'UPDATE webhooks SET config = ?, signing_secret = ?, previous_secret = ? WHERE number = ? AND config = ? AND signing_secret = ?';

/** The secrets of webhooks, those of deleted ones that are still in the log as well. */
export function webhookSecrets(book: WebhookBook): SealedPart {
  return {
    async page(tx, after) {
      const rows = await tx.all<WebhookRow>(SELECT, Number(after ?? 0), PAGE);
      const holders = rows.map((row) => ({ key: String(row.number), secrets: sealedSecretsOf(toRecord(row)) }));
      return { holders, next: rows.length < PAGE ? null : (holders.at(-1)?.key ?? null) };
    },
    async replace(tx, key, replacements) {
      const row = await tx.get<WebhookRow>('SELECT * FROM webhooks WHERE number = ?', Number(key));
      if (row === undefined) return;
      const { id, number, config, signing_secret: secret, previous_secret: previous } = row;
      const replaced = [config, secret].map((text) => withReplacements(text, replacements));
      const before = previous === null ? null : withReplacements(previous, replacements);
      await tx.run(UPDATE, ...replaced, before, number, config, secret);
      await book.written(tx, id);
    },
  };
}

/** The secrets that webhooks inherit. */
export function defaultSecrets(): SealedPart {
  return {
    async page(tx) {
      const { value } = await readSettings<OwnConfig>(tx, DEFAULTS);
      return { holders: [{ key: DEFAULTS, secrets: sealedSecretsOfConfig(value, DEFAULTS) }], next: null };
    },
    async replace(tx, _key, replacements) {
      await replaceInSettings(tx, DEFAULTS, (text) => withReplacements(text, replacements));
      tx.signal(DEFAULTS_CHANGED, await readSettings(tx, DEFAULTS));
    },
  };
}

/** What commands of webhooks answer with, where their answers are kept: a record, and the defaults it was made with. */
interface KeptAnswer {
  record: WebhookRecord;
  defaults: DefaultsRecord;
}

/** The sealed secrets in a kept answer, where it is one of a command of webhooks. */
export function webhookSecretsIn(answer: unknown): SealedSecret[] {
  if (!isOfWebhook(answer)) return [];
  return [...sealedSecretsOf(answer.record), ...sealedSecretsOfConfig(answer.defaults.value, DEFAULTS)];
}

/** No other command answers with a record that has a webhook's id, and defaults. */
function isOfWebhook(answer: unknown): answer is KeptAnswer {
  if (!isJsonObject(answer as Json)) return false;
  const { record, defaults } = answer as Partial<KeptAnswer>;
  return typeof record?.id === 'string' && isId('wh', record.id) && defaults !== undefined;
}

import { existsSync, readFileSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Settings } from '../config/index.ts';
import { messageOf } from '../kernel/errors.ts';
import type { Keyring } from '../kernel/sealing.ts';
import { inspectKeyFile, type SealedSecret } from '../sealing/index.ts';
import { type DatabaseView, isServed } from '../store/index.ts';
import { webhookSecretsAtRest } from '../webhooks/index.ts';
import { type Finding, failed, ok, warning } from './findings.ts';
import { bytesInWords, count } from './output.ts';

const MEBIBYTE = 2 ** 20;
/** Below this `/readyz` answers 503. */
const LEAST_FREE_BYTES = 32 * MEBIBYTE;
const FEW_FREE_BYTES = 1024 * MEBIBYTE;
const ANSWER_WITHIN_MS = 5_000;
/** What group and others may do with a file. */
const OTHERS = 0o077;

/** Why there is nothing to look at; null when the data folder is there. */
export function noFolder(folder: string): Finding | null {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return null;
  const remedy = 'Name the right one by --data-dir or WAYBILL_DATA_DIR, or start a server to make it.';
  return failed('data folder', `there is no folder ${folder}`, remedy);
}

/** That the data folder is nobody else's to read. */
export function checkFolder(folder: string): Finding {
  const check = 'data folder';
  const open = [folder, join(folder, 'keys')].filter((path) => existsSync(path) && isOpenToOthers(path));
  if (open.length === 0) return ok(check, `${folder}, for its owner alone`);
  return failed(check, `others on this machine may read ${open.join(' and ')}`, `chmod -R go-rwx ${folder}`);
}

/** Windows has no such bits, and shows all of them. */
function isOpenToOthers(path: string): boolean {
  return process.platform !== 'win32' && (statSync(path).mode & OTHERS) !== 0;
}

/** The key file, and that it opens what was sealed. */
export async function checkKey({ keyFile }: Settings, view: DatabaseView): Promise<Finding> {
  const check = 'key file';
  const restore = 'Put the right key file back from a backup, or name it by WAYBILL_KEY_FILE.';
  const found = await inspectKeyFile(view.tx, keyFile).catch((error: unknown) =>
    failed(check, messageOf(error), restore),
  );
  if (found === null) return ok(check, 'none yet; the first start of the server makes it');
  if ('check' in found) return found;
  if (found.missing.length > 0) {
    return failed(check, `${keyFile} is not the key that the secrets were sealed with`, restore);
  }
  const { webhooks, secrets } = await webhookSecretsAtRest(view.tx);
  const closed = secrets.filter((secret) => !opens(found.keyring, secret));
  const [first] = closed;
  if (first !== undefined) {
    return failed(check, `it does not open ${count(closed.length, 'secret')}, the first at ${first.place}`, restore);
  }
  if (isOpenToOthers(keyFile)) {
    return failed(check, `others on this machine may read ${keyFile}`, `chmod 600 ${keyFile}`);
  }
  return ok(check, `it opens the secrets of ${count(webhooks, 'webhook')}`);
}

function opens(keyring: Keyring, { sealed, place }: SealedSecret): boolean {
  try {
    keyring.open(sealed, place);
    return true;
  } catch {
    return false;
  }
}

/** Room on the disk. */
export async function checkDisk(folder: string): Promise<Finding> {
  const check = 'free disk space';
  const { bavail, bsize, blocks } = await statfs(folder);
  const free = bavail * bsize;
  const message = `${bytesInWords(free)} of ${bytesInWords(blocks * bsize)}`;
  const remedy = 'Free some space, or set a shorter WAYBILL_RETENTION_DAYS.';
  if (free < LEAST_FREE_BYTES) return failed(check, `${message}: the server takes no new events`, remedy);
  return free < FEW_FREE_BYTES ? warning(check, message, remedy) : ok(check, message);
}

/** Whether a server runs on the folder, and answers. */
export async function checkServer(settings: Settings): Promise<Finding> {
  const check = 'server';
  const pid = contentOf(join(settings.dataDir, 'waybill.pid'));
  if (!isServed(settings.dataDir)) {
    if (pid === null) return ok(check, 'none runs on this folder');
    return warning(
      check,
      `none runs on this folder, and the last one (pid ${pid}) was not stopped: it was killed or crashed`,
      'Start it: it takes over what that one had in hand.',
    );
  }
  const name = pid === null ? 'one' : `pid ${pid}`;
  const { host, port } = settings.listen;
  const url =
    contentOf(join(settings.dataDir, 'waybill.url')) ?? `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  try {
    const { status, body } = await get(`${url}/readyz`);
    if (status === 200) return ok(check, `${name} runs, and is ready at ${url}`);
    return failed(check, `${name} runs, and is not ready: ${reasonsIn(body) ?? `status ${status}`}`, 'See its log.');
  } catch (error) {
    const message = `${name} holds the folder, and does not answer at ${url} (${messageOf(error)})`;
    return failed(check, message, 'If it has just been started, ask again; else see its log, and restart it.');
  }
}

function contentOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : null;
}

function get(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }, (response) => {
      text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }), reject);
    });
    sent.once('error', reject);
    sent.end();
  });
}

function reasonsIn(body: string): string | null {
  try {
    return (JSON.parse(body) as { reasons: string[] }).reasons.join('; ');
  } catch {
    return null;
  }
}

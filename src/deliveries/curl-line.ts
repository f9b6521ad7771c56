import type { Webhook } from '../webhooks/index.ts';
import type { Outgoing, ShownRequest } from './outgoing.ts';

/**
 * A command line for curl that sends the same request. Secrets in it are masked; certificates and keys are named as files
 * that whoever runs it must have. Curl cannot be told the pin of a certificate, so it is told to take any. Pure.
 */
export function curlLine(
  { shown, body }: Outgoing,
  { tls, timeoutMs }: Webhook['config'],
  proxy: string | null,
): string {
  const { method, url, headers } = JSON.parse(shown) as ShownRequest;
  return [
    'curl -i',
    ...(/[[\]{}]/.test(url) ? ['--globoff'] : []),
    // Credentials of the proxy are left out.
    ...(proxy === null ? [] : [`--proxytunnel --proxy http://${proxy}`]),
    ...(url.startsWith('https:') ? tlsOptions(tls) : []),
    `--max-time ${timeoutMs / 1000}`,
    `-X ${method}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(headerLine(name, value))}`),
    // Unlike --data-binary, it takes no file for a body that begins with @.
    `--data-raw ${quoted(body.content)}`,
    quoted(url),
  ].join(' ');
}

function tlsOptions(tls: Webhook['config']['tls']): string[] {
  const { caPem, pinnedSha256, clientCertPem, insecureSkipVerify } = tls;
  const isUnverified = insecureSkipVerify || pinnedSha256 !== null;
  return [
    ...(isUnverified ? ['--insecure'] : []),
    ...(caPem === null || isUnverified ? [] : ['--cacert ca.pem']),
    ...(clientCertPem === null ? [] : ['--cert client.pem --key client.key']),
  ];
}

/** Curl leaves out a header without a value, unless a semicolon stands for the colon. */
function headerLine(name: string, value: string): string {
  return value === '' ? `${name};` : `${name}: ${value}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

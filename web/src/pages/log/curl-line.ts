import type { Attempt } from './delivery.ts';

/** A command line for curl that sends the same request, credentials masked as they are shown. */
export function curlLine({ method, url, headers, body }: NonNullable<Attempt['request']>): string {
  return [
    'curl -i',
    ...(/[[\]{}]/.test(url) ? ['--globoff'] : []),
    `-X ${method}`,
    ...Object.entries(headers)
      .filter(([name]) => !MADE_BY_CURL.test(name))
      .map(([name, value]) => `-H ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`),
    // Unlike --data-binary, it takes no file for a body that begins with @.
    ...(body === null ? [] : [`--data-raw ${quoted(body)}`]),
    quoted(url),
  ].join(' ');
}

const MADE_BY_CURL = /^(host|content-length|connection)$/i;

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

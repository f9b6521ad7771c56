import { describe, expect, test } from 'vitest';
import { inboxOfUrl, inboxRoots } from './own-urls.ts';

describe('the URLs of inboxes', () => {
  test.each([
    [null, 'http://127.0.0.1:8080', ['http://127.0.0.1:8080/inbox/']],
    [null, 'http://0.0.0.0:8080', ['http://127.0.0.1:8080/inbox/']],
    [null, 'http://[::]:8080', ['http://[::1]:8080/inbox/']],
    ['https://mft.example', 'http://127.0.0.1:80', ['https://mft.example/inbox/', 'http://127.0.0.1/inbox/']],
    ['https://mft.example/way/', 'http://10.0.0.1:1', ['https://mft.example/way/inbox/', 'http://10.0.0.1:1/inbox/']],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080', ['http://127.0.0.1:8080/inbox/']],
  ])('are, with the public URL %s and listening on %s, below %j', (baseUrl, listening, roots) => {
    expect(inboxRoots({ baseUrl, listening })).toEqual(roots);
  });

  const roots = ['https://mft.example/way/inbox/', 'http://127.0.0.1:8080/inbox/'];

  test.each([
    ['https://mft.example/way/inbox/demo', 'demo'],
    ['http://127.1:8080/inbox/demo/below?a=/b', 'demo'],
    ['http://127.0.0.1:8080/inbox/', null],
    ['http://127.0.0.1:8080/inbox', null],
    ['http://127.0.0.1:8080/inbox/../api', null],
    ['https://mft.example/inbox/demo', null],
    ['not a URL', null],
  ])('%s leads to %s', (url, name) => expect(inboxOfUrl(url, roots)).toBe(name));
});

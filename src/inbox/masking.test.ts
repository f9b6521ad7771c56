import { expect, test } from 'vitest';
import { maskHead } from './masking.ts';

test('credentials with a usual name are masked, in headers and in the query', () => {
  const headers = { host: 'a', authorization: 'Bearer x', cookie: 'waybill_session=y', 'x-api-key': 'z' };
  expect(maskHead('/inbox/a?x=1&access_token=z&b', headers, [])).toEqual({
    path: '/inbox/a?x=1&access_token=***&b',
    headers: { host: 'a', authorization: '***', cookie: '***', 'x-api-key': '***' },
  });
});

test('what webhooks call their credentials is masked too', () => {
  const auths = [
    { type: 'api_key', in: 'header', name: 'X-Door', value: 'open' },
    { type: 'api_key', in: 'query', name: 'my door', value: 'open' },
  ] as const;
  expect(maskHead('/inbox/a?my+door=open&your%20door=1', { 'x-door': 'open', 'x-window': '1' }, auths)).toEqual({
    path: '/inbox/a?my+door=***&your%20door=1',
    headers: { 'x-door': '***', 'x-window': '1' },
  });
});

test('signatures are shown: without its secret one is worth nothing', () => {
  const headers = { 'webhook-signature': 'v1,a', 'x-hub-signature-256': 'sha256=b', accept: ['c', 'd'] as never };
  expect(maskHead('/inbox/a', headers, []).headers).toEqual({ ...headers, accept: 'c, d' });
});

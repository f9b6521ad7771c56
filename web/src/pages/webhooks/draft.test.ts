import { expect, test } from 'vitest';
import { Problem } from '../../api/problem.ts';
import {
  atRows,
  type Body,
  copyOf,
  draftOf,
  mergePatch,
  retryOf,
  SETTINGS,
  type Settings,
  settingsOf,
  withOwn,
} from './draft.ts';

const settings: Settings = {
  enabled: true,
  url: 'https://hooks.example.com/a',
  method: 'POST',
  contentType: 'application/json',
  headers: { 'X-A': '1', 'X-B': '2' },
  auth: { type: 'basic', username: 'u', password: { set: true } } as Settings['auth'],
  signing: { scheme: 'github', headerName: 'X-Mine' },
  eventTypes: ['transfer.*'],
  scope: { stationIds: ['ACME'], partnerIds: [], transferIds: [], scheduleIds: [] },
  routing: 'always',
  payload: { format: 'default' },
  timeoutMs: 15_000,
  limits: { maxConcurrency: 16, ratePerSecond: null },
  retry: { strategy: 'fixed', maxAttempts: 5, delayMs: 60_000, jitter: 0.1 },
  tls: { caPem: null, pinnedSha256: null, clientCertPem: null, clientKeyPem: { set: true }, insecureSkipVerify: false },
  allowInsecureHttp: false,
};

const explain = (text: string): string => `not: ${text}`;
const draft = draftOf('ops', settings, []);

test('what is read and sent back unchanged is the same', () => {
  expect(settingsOf(draft, explain)).toEqual(settings);
});

test('only what is set here is sent', () => {
  const inherited = draftOf('ops', settings, SETTINGS);
  expect(settingsOf(inherited, explain)).toEqual({});
  expect(settingsOf(withOwn(inherited, 'timeoutMs', true, inherited), explain)).toEqual({ timeoutMs: 15_000 });
});

test('what is set here begins with the inherited value, without its secrets, and goes back to it', () => {
  const inherited = draftOf('', settings, SETTINGS);
  const own = withOwn(inherited, 'auth', true, inherited);
  expect(own.auth).toMatchObject({ type: 'basic', username: 'u', password: '' });
  expect(withOwn(own, 'auth', false, inherited)).toEqual(inherited);
});

test('a copy has the settings of the original and none of its secrets', () => {
  const copy = copyOf(draft, 'ops (copy)');
  expect(copy).toMatchObject({ name: 'ops (copy)', url: draft.url, auth: { username: 'u', password: '' } });
  expect(copy.tls.clientKeyPem).toBe('');
});

test('a span of time that is none is refused at its pointer', () => {
  const wrong = { ...draft, timeoutMs: 'soon', retry: { ...draft.retry, delayMs: '1 fortnight' } };
  expect(() => settingsOf(wrong, explain)).toThrow(Problem);
  try {
    settingsOf(wrong, explain);
  } catch (error) {
    expect((error as Problem).errors).toEqual([
      { pointer: '/timeoutMs', detail: 'not: soon' },
      { pointer: '/retry/delayMs', detail: 'not: 1 fortnight' },
    ]);
  }
});

test('a patch removes a header, goes back to inherited, and leaves kept secrets alone', () => {
  const before = settingsOf(draft, explain);
  const after: Body = { ...before, headers: { 'X-A': '1' } };
  delete after.timeoutMs;
  expect(mergePatch(before, after)).toEqual({ headers: { 'X-B': null }, timeoutMs: null });
  expect(mergePatch(before, before)).toEqual({});
});

test('a patch to another kind is whole, also in what both kinds have', () => {
  const after = { retry: { strategy: 'exponential', maxAttempts: 5, jitter: 0.1 } };
  expect(mergePatch({ retry: { strategy: 'fixed', maxAttempts: 5, delayMs: 1, jitter: 0.1 } }, after)).toEqual(after);
});

test('a fault in a header is put at its row', () => {
  const errors = [{ pointer: '/headers/X-B', detail: 'no' }];
  expect(atRows(new Problem(422, { errors }), draft)).toMatchObject({
    errors: [{ pointer: '/headers/1/value', detail: 'no' }],
  });
});

test('a plan is none while its spans are being typed', () => {
  expect(retryOf(draft.retry)).toMatchObject({ strategy: 'fixed', maxAttempts: 5, delayMs: 60_000 });
  expect(retryOf({ ...draft.retry, delayMs: '1' })).toBeNull();
});

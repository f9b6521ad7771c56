import { describe, expect, test } from 'vitest';
import { manualLater } from './manual-later.fixture.ts';
import { type Change, createStream, type Listener, type Source } from './stream.ts';

const CONNECTING = 0;
const CLOSED = 2;

/** A stream whose server is the test. */
function stage() {
  const timers = manualLater();
  const opened: (Source & { after: string | null; tell(type: string, id?: string, data?: object): void })[] = [];
  let refusals = 0;

  const stream = createStream({
    later: timers.later,
    onRefused: () => {
      refusals += 1;
    },
    open(after) {
      const target = new EventTarget();
      const source = {
        after,
        readyState: CONNECTING,
        addEventListener: (type: string, listener: (event: MessageEvent<string>) => void) =>
          target.addEventListener(type, listener as (event: Event) => void),
        close: () => {
          source.readyState = CLOSED;
        },
        tell: (type: string, lastEventId = '', data: object = {}) =>
          target.dispatchEvent(new MessageEvent(type, { lastEventId, data: JSON.stringify(data) })),
      };
      opened.push(source);
      return source;
    },
  });

  const told: (readonly Change[] | 'reset')[] = [];
  const listener: Listener = { onChanges: (changes) => told.push(changes), onReset: () => told.push('reset') };
  const last = () => opened.at(-1) as (typeof opened)[number];
  return { stream, opened, last, timers, told, listener, refusals: () => refusals };
}

describe('the stream of a tab', () => {
  test('is open while somebody listens, and no longer', () => {
    const { stream, opened, listener } = stage();
    expect(stream.state.get()).toBe('idle');
    const leave = stream.listen('delivery', listener);
    const leaveToo = stream.listen('delivery', { ...listener });
    expect([opened.length, stream.state.get()]).toEqual([1, 'connecting']);
    leave();
    expect(opened[0]?.readyState).toBe(CONNECTING);
    leaveToo();
    expect([opened[0]?.readyState, stream.state.get()]).toEqual([CLOSED, 'idle']);
  });

  test('has what was read before it began read again', () => {
    const { stream, last, told, listener } = stage();
    stream.listen('delivery', listener);
    last().tell('open');
    expect([stream.state.get(), told]).toEqual(['live', ['reset']]);
  });

  test('gathers what comes at once, and tells the last change of each thing', () => {
    const { stream, last, timers, told, listener } = stage();
    stream.listen('delivery', listener);
    last().tell('delivery', 'e-1', { id: 'a', state: 'pending' });
    last().tell('delivery', 'e-2', { id: 'b', state: 'pending' });
    last().tell('delivery', 'e-3', { id: 'a', state: 'delivered' });
    expect(told).toEqual([]);
    timers.runOut();
    expect(told).toEqual([
      [
        { id: 'a', state: 'delivered' },
        { id: 'b', state: 'pending' },
      ],
    ]);
  });

  test.each([
    ['a pause', 'pause', 'resume'],
    ['a time in which nobody saw the tab', 'hide', 'show'],
  ])('goes on after %s where it was', (_what, stop, goOn) => {
    const { stream, opened, last, told, listener } = stage();
    const act: Record<string, () => void> = {
      pause: stream.pause,
      resume: stream.resume,
      hide: () => stream.setVisible(false),
      show: () => stream.setVisible(true),
    };
    stream.listen('delivery', listener);
    last().tell('open');
    last().tell('delivery', 'e-7', { id: 'a' });
    act[stop]?.();
    expect(opened[0]?.readyState).toBe(CLOSED);
    act[goOn]?.();
    expect(last().after).toBe('e-7');
    last().tell('open');
    expect([stream.state.get(), told]).toEqual(['live', ['reset']]);
  });

  test('has everything read again when the server no longer knows where it was', () => {
    const { stream, last, timers, told, listener } = stage();
    stream.listen('delivery', listener);
    last().tell('open');
    last().tell('delivery', 'e-1', { id: 'a' });
    last().tell('reset', 'f-1');
    timers.runOut();
    expect(told).toEqual(['reset', 'reset']);
    stream.pause();
    stream.resume();
    expect(last().after).toBe('f-1');
  });

  test('leaves a lost connection to the browser, and comes back by itself when it was refused, ever later', () => {
    const { stream, opened, last, timers, refusals, listener } = stage();
    stream.listen('delivery', listener);
    last().tell('open');
    last().tell('error');
    expect([stream.state.get(), opened.length, refusals()]).toEqual(['reconnecting', 1, 0]);
    const waits: number[] = [];
    for (let tries = 0; tries < 7; tries += 1) {
      last().readyState = CLOSED;
      last().tell('error');
      waits.push(...timers.waits());
      timers.runOut();
    }
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    expect(refusals()).toBe(7);
    last().tell('open');
    expect(stream.state.get()).toBe('live');
  });

  test('stays paused, whatever becomes of the connection', () => {
    const { stream, opened, last, listener } = stage();
    stream.listen('delivery', listener);
    last().tell('open');
    stream.pause();
    opened[0]?.tell('error');
    stream.setVisible(false);
    stream.setVisible(true);
    expect([stream.state.get(), opened.length]).toEqual(['paused', 1]);
  });
});

import type { Exchange, OutboundRequest, Sender } from '../../src/egress/index.ts';
import type { Timer } from '../../src/kernel/clock.ts';
import type { Dice } from './dice.ts';
import type { Sent } from './picture.ts';
import type { Reaction, Receivers } from './receivers.ts';
import type { SendWitness } from './sendings.ts';
import type { ProcessTime, Timeline } from './timeline.ts';

/** What lies between a process and the receivers, the sending thread included. */
export interface Network {
  /** The sender of a process. */
  connect(time: ProcessTime): Pick<Sender, 'send' | 'forget'> & { cut(): void };
}

interface Options {
  timeline: Timeline;
  receivers: Receivers;
  witness: SendWitness;
  dice: Dice;
}

/** The longest way of a packet, in ms. */
const FARTHEST_MS = 30;

interface Flight {
  request: OutboundRequest;
  sent: Sent | null;
  startedAt: number;
  deadline: Timer | null;
  isClosed: boolean;
  resolve: (exchange: Exchange) => void;
}

/** What came of a request, before the process hears of it. */
interface Result {
  status: number | null;
  code: NonNullable<Exchange['failure']>['code'] | null;
  retryAfterMs: number | null;
}

export function createNetwork({ timeline, receivers, witness, dice }: Options): Network {
  function connect(time: ProcessTime) {
    const toSender = time.channel();
    const toMain = time.channel();
    let isCut = false;

    function takeOff(flight: Flight): void {
      flight.startedAt = timeline.now();
      const reaction = receivers.react(flight.request.url);
      flight.deadline = timeline.inNature(flight.request.timeoutMs, () => close(flight, failed('timeout')));
      const wayMs = dice.within(0, FARTHEST_MS);
      if (reaction.kind === 'refuse') {
        timeline.inNature(wayMs, () => close(flight, failed('connection_refused')));
        return;
      }
      timeline.inNature(wayMs, () => arrive(flight, reaction));
    }

    /** The request is at the receiver, unless its sender died first and it was still on its way. */
    function arrive(flight: Flight, reaction: Exclude<Reaction, { kind: 'refuse' }>): void {
      if (flight.isClosed || (isCut && dice.hit(0.5)) || reaction.kind === 'hang') return;
      timeline.inNature(reaction.thinkMs, () => {
        if (reaction.kind === 'answer' && isTaken(reaction.status) && flight.sent !== null)
          witness.accepted(flight.sent);
        const result = reaction.kind === 'reset' ? failed('connection_reset') : answerResult(reaction);
        timeline.inNature(dice.within(0, FARTHEST_MS), () => close(flight, result));
      });
    }

    /** The connection has brought something, or been given up: whatever comes later is not heard. */
    function close(flight: Flight, result: Result): void {
      if (flight.isClosed || isCut) return;
      flight.isClosed = true;
      flight.deadline?.cancel();
      const verdict = {
        outcome: result.code === null ? ('delivered' as const) : ('failed' as const),
        isGone: result.code === 'gone',
        retryAfterMs: result.retryAfterMs,
        at: timeline.now(),
      };
      if (flight.sent !== null) witness.closed(flight.sent, verdict, result.status);
      toMain.send(() => {
        if (flight.sent !== null) witness.heard(flight.sent, verdict);
        flight.resolve(exchangeOf(result, timeline.now() - flight.startedAt));
      });
    }

    return {
      send(request: OutboundRequest): Promise<Exchange> {
        return new Promise((resolve) => {
          // What a dead process still wants is of no interest to anybody.
          if (isCut) return;
          const sent = witness.sent(request);
          toSender.send(() =>
            takeOff({ request, sent, startedAt: timeline.now(), deadline: null, isClosed: false, resolve }),
          );
        });
      },
      // There are no connections to keep here.
      forget() {},
      cut() {
        isCut = true;
      },
    };
  }

  return { connect };
}

function isTaken(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Nothing came back. */
function failed(code: NonNullable<Result['code']>): Result {
  return { status: null, code, retryAfterMs: null };
}

function answerResult({ status, retryAfterMs }: Extract<Reaction, { kind: 'answer' }>): Result {
  return { status, code: isTaken(status) ? null : codeOf(status), retryAfterMs };
}

function codeOf(status: number): NonNullable<Result['code']> {
  if (status === 410) return 'gone';
  return status < 400 ? 'redirect' : 'http_status';
}

function exchangeOf({ status, code, retryAfterMs }: Result, durationMs: number): Exchange {
  return {
    durationMs,
    response: status === null ? null : { status, headers: {}, body: '', truncated: false },
    failure: code === null ? null : { code, message: `${code} ${status ?? ''}` },
    retryAfterMs,
    remoteAddress: null,
    timings: null,
    proxy: null,
    certificate: null,
    tlsTrouble: null,
  };
}

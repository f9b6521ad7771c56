import type { Socket } from 'node:net';
import { STATUS_CODES } from '../kernel/http-words.ts';
import { ConnectFailure } from './failures.ts';
import type { HttpProxy } from './proxy.ts';
import { nameOf, type Target } from './target.ts';

const MAX_HEAD_BYTES = 16 * 1024;
const HEAD_END = '\r\n\r\n';
const STATUS_LINE = /^HTTP\/1\.[01] (\d{3})[ \r]/;

/**
 * Has a proxy, to which the socket is connected, open a way to the target. Also for plain http: what a proxy says of
 * itself then never looks like the answer of a receiver. Rejects with a `ConnectFailure` when it does not, and with the
 * socket's error. Source: RFC 9110 §9.3.6.
 */
export function openTunnel(socket: Socket, proxy: HttpProxy, target: Target): Promise<void> {
  const authority = nameOf(target);
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (proxy.authorization !== null) lines.push(`Proxy-Authorization: ${proxy.authorization}`);
  socket.write(`${lines.join('\r\n')}${HEAD_END}`, 'latin1');

  return new Promise<void>((resolve, reject) => {
    let head = '';
    const refuse = (code: 'connection_refused' | 'connection_reset' | 'response_invalid', what: string): void =>
      end(() => reject(new ConnectFailure({ code, message: `The proxy ${proxy.name} ${what}.` })));
    // Not by `data` events, which would let go of what comes before the next reader is there.
    const onReadable = (): void => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) {
        head += chunk.toString('latin1');
        if (head.includes(HEAD_END)) {
          judge();
          return;
        }
        if (head.length > MAX_HEAD_BYTES) refuse('response_invalid', 'answers with a head of more than 16 KiB');
      }
    };
    const onEnd = (): void => refuse('connection_reset', `closed the connection before it had a way to ${authority}`);
    const onError = (error: Error): void => end(() => reject(error));

    function judge(): void {
      const status = Number(STATUS_LINE.exec(head)?.[1] ?? 0);
      if (status === 0) refuse('response_invalid', 'does not answer in HTTP');
      else if (status === 407) refuse('connection_refused', 'wants other credentials (407)');
      else if (status < 200 || status > 299) {
        const answer = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
        refuse('connection_refused', `opens no way to ${authority}: it answers ${answer}`);
      } else if (head.indexOf(HEAD_END) + HEAD_END.length < head.length)
        refuse('response_invalid', 'sends more than it was asked for');
      else end(resolve);
    }

    function end(settle: () => void): void {
      socket.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onError);
      settle();
    }

    socket.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onError);
    onReadable();
  });
}

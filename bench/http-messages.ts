const HEAD_END = Buffer.from('\r\n\r\n');
const CONTENT_LENGTH = /\r\ncontent-length:[ \t]*(\d+)[ \t]*(?:\r\n|$)/i;
const TRANSFER_ENCODING = /\r\ntransfer-encoding:/i;
/** Far above any head that a server under measurement sends; a peer that exceeds it does not speak HTTP. */
const MAX_HEAD_BYTES = 65_536;

/** Called for each whole message. `head` is the start line and the headers without the blank line. */
export type OnMessage = (head: string, body: Buffer) => void;

/**
 * Makes a function that takes the bytes of one connection as they come, however they are cut, and calls `onMessage` for
 * each HTTP/1.1 message they complete, in order (RFC 9112 §6). `body` may be a view of the chunk: copy what must last.
 *
 * It reads what the benchmark exchanges and nothing else: bodies have a Content-Length or are absent. It throws on
 * Transfer-Encoding and on a head without end; the connection cannot be read on after that.
 */
export function createMessageReader(onMessage: OnMessage): (chunk: Buffer) => void {
  let pending: Buffer | null = null;
  /** How long `pending` must grow before it is worth another look: spares a search per chunk of a long body. */
  let neededBytes = 0;

  return (chunk) => {
    const bytes: Buffer = pending === null ? chunk : Buffer.concat([pending, chunk]);
    pending = null;
    let start = 0;
    while (start < bytes.length) {
      if (bytes.length - start < neededBytes) break;
      const headEnd = bytes.indexOf(HEAD_END, start);
      if (headEnd === -1) {
        if (bytes.length - start > MAX_HEAD_BYTES) throw new Error('The head of an HTTP message has no end.');
        break;
      }
      const head = bytes.toString('latin1', start, headEnd);
      const bodyStart = headEnd + HEAD_END.length;
      const end = bodyStart + bodyLength(head);
      if (bytes.length < end) {
        neededBytes = end - start;
        break;
      }
      neededBytes = 0;
      start = end;
      onMessage(head, bytes.subarray(bodyStart, end));
    }
    if (start < bytes.length) pending = start === 0 ? bytes : bytes.subarray(start);
  };
}

function bodyLength(head: string): number {
  const found = CONTENT_LENGTH.exec(head);
  if (found !== null) return Number(found[1]);
  if (TRANSFER_ENCODING.test(head)) {
    throw new Error('The benchmark reads bodies with a Content-Length only, and this one has a Transfer-Encoding.');
  }
  return 0;
}

/** The path of a request, with its query: `/1` for `POST /1 HTTP/1.1`. */
export function requestPath(head: string): string {
  const from = head.indexOf(' ') + 1;
  return head.slice(from, head.indexOf(' ', from));
}

/** The status of a response: 202 for `HTTP/1.1 202 Accepted`. NaN when the head is not one of a response. */
export function responseStatus(head: string): number {
  return head.startsWith('HTTP/1.1 ') ? Number(head.slice(9, 12)) : Number.NaN;
}

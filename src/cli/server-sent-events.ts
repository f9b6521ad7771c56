/** One message of a stream of server-sent events. */
export interface ServerSentEvent {
  /** `message` where the stream names none. */
  event: string;
  data: string;
}

/** What a stream says: an event, or null where only the place moved, and the id to go on from (null before the first). */
export interface StreamNews {
  message: ServerSentEvent | null;
  lastId: string | null;
}

/**
 * Reads a stream of server-sent events (WHATWG HTML §9.2.6). Lines end in a newline alone, as our server writes them, or in
 * CRLF. A block that the stream breaks off in is dropped. Throws what the stream throws.
 */
export async function* readServerSentEvents(stream: AsyncIterable<Uint8Array>): AsyncGenerator<StreamNews> {
  const decoder = new TextDecoder();
  let rest = '';
  let lastId: string | null = null;
  for await (const chunk of stream) {
    const blocks = `${rest}${decoder.decode(chunk, { stream: true })}`.replaceAll('\r\n', '\n').split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const { id, message } = parseBlock(block);
      lastId = id ?? lastId;
      yield { message, lastId };
    }
  }
}

function parseBlock(block: string): { id: string | null; message: ServerSentEvent | null } {
  let id: string | null = null;
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'id') id = value;
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return { id, message: data.length === 0 ? null : { event, data: data.join('\n') } };
}

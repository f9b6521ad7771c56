/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110 §5.5: what a value may not hold. Beyond Latin-1 nothing could be sent as it is. */
const NOT_A_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
/** Names that belong to the framing of the message, which is not the caller's. */
const FRAMING = /^(host|connection|content-length|transfer-encoding|keep-alive|upgrade|expect)$/i;

/**
 * Throws a `TypeError` when a header of the flat list (name, value, …) could not be sent as it is, or would add one:
 * CR, LF, NUL and other control characters, a malformed name, or one that the framing of the message owns. Callers
 * check what people type before it gets here, so that this is a fault.
 */
export function assertSendable(headers: readonly string[]): void {
  if (headers.length % 2 !== 0) throw new TypeError('Headers are a flat list of names and values.');
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string;
    if (!TOKEN.test(name) || FRAMING.test(name))
      throw new TypeError(`${JSON.stringify(name)} is no header to be sent.`);
    if (NOT_A_VALUE.test(headers[i + 1] as string)) {
      throw new TypeError(`The value of the header ${name} holds a character that a header cannot carry.`);
    }
  }
}

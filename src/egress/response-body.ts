import { StringDecoder } from 'node:string_decoder';

export const MAX_BODY_BYTES = 64 * 1024;

/** So many pieces are merged into one: a receiver that sends single bytes must not make us keep an object for each. */
const MAX_PIECES = 64;

/** The first 64 KiB of an answer's body. What comes after is counted and dropped. */
export class ResponseBody {
  receivedBytes = 0;
  #pieces: Buffer[] = [];
  #keptBytes = 0;

  add(chunk: Buffer): void {
    this.receivedBytes += chunk.length;
    const piece = chunk.subarray(0, MAX_BODY_BYTES - this.#keptBytes);
    if (piece.length === 0) return;
    this.#keptBytes += piece.length;
    this.#pieces.push(piece);
    if (this.#pieces.length === MAX_PIECES) this.#pieces = [Buffer.concat(this.#pieces)];
  }

  /** What was kept, read as UTF-8. `isCut`: leave out a character that the end cuts in two. */
  text(isCut: boolean): string {
    const [first] = this.#pieces;
    if (first === undefined) return '';
    const bytes = this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces);
    return isCut ? new StringDecoder('utf8').write(bytes) : bytes.toString('utf8');
  }
}

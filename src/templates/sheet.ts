import type { Emitter, Token } from 'liquidjs';
import { type Grammar, plainText } from './grammar.ts';
import { MAX_BODY_BYTES } from './limits.ts';

/** A value on its way to be printed, as against a text of the template. */
export class Printed {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** The body has grown beyond what is ever sent. */
export class BodyTooLarge extends Error {
  override readonly name = 'BodyTooLarge';

  constructor() {
    super('The body is larger than 1 MiB.');
  }
}

/** Where a piece of the body comes from: the place in the template, and whether it is the template's own text. */
interface Piece {
  /** In the body. */
  from: number;
  /** In the template. */
  source: number;
  isText: boolean;
}

/** What is written by templates that are placed: each tells the sheet its token before it writes. */
export interface PlacedEmitter extends Emitter {
  at: Token | null;
}

/** The body while it is written: values are spelled as the grammar has it where they stand. */
export class Sheet implements PlacedEmitter {
  buffer = '';
  at: Token | null = null;
  /** The first place at which text stands where it breaks the document. */
  misplaced: Token | null = null;
  readonly #grammar: Grammar;
  readonly #pieces: Piece[] | null;

  constructor(grammar: Grammar, { isTraced }: { isTraced: boolean }) {
    this.#grammar = grammar;
    this.#pieces = isTraced ? [] : null;
  }

  write(piece: unknown): void {
    const isText = !(piece instanceof Printed);
    this.#pieces?.push({ from: this.buffer.length, source: this.at?.begin ?? 0, isText });
    if (isText) {
      const text = plainText(piece);
      this.#grammar.follow(text);
      this.buffer += text;
    } else {
      if (this.#grammar.isMisplaced(piece.value)) this.misplaced ??= this.at;
      this.buffer += this.#grammar.spell(piece.value);
    }
    // Characters for now: its bytes are counted when it is done.
    if (this.buffer.length > MAX_BODY_BYTES) throw new BodyTooLarge();
  }

  /** The place in the template that an offset of the body comes from. Only of a traced sheet. */
  sourceOf(offset: number): number {
    const piece = this.#pieces?.findLast(({ from }) => from <= offset);
    if (piece === undefined) return 0;
    return piece.isText ? piece.source + offset - piece.from : piece.source;
  }
}

/** What `capture` gathers: plain text, which is spelled when it is printed. */
export class Capture implements PlacedEmitter {
  buffer = '';
  at: Token | null = null;
  readonly #charge: (characters: number) => void;

  constructor(charge: (characters: number) => void) {
    this.#charge = charge;
  }

  write(piece: unknown): void {
    const text = plainText(piece instanceof Printed ? piece.value : piece);
    this.#charge(text.length);
    this.buffer += text;
  }
}

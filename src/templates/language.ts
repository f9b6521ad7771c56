import {
  analyzeSync,
  CaptureTag,
  Context,
  type Drop,
  type FilterImplOptions,
  filters,
  Liquid,
  LiquidError,
  Output,
  Parser,
  type Template,
  Token,
  Tokenizer,
  type TopLevelToken,
  TypeGuards,
  toValue,
  toValueSync,
} from 'liquidjs';
import { messageOf } from '../kernel/errors.ts';
import { type Grammar, JsonText } from './grammar.ts';
import { EventName } from './scope.ts';
import { BodyTooLarge, Capture, type PlacedEmitter, Printed, Sheet } from './sheet.ts';

/** What is wrong with a template, and where: line and column count from 1, and are null where no place is to blame. */
export class TemplateFault extends Error {
  override readonly name = 'TemplateFault';
  readonly line: number | null;
  readonly column: number | null;
  /** Whether it took too long or too much: another time it may not. */
  readonly isExcess: boolean;

  constructor(detail: string, place: Place | null, { isExcess = false } = {}) {
    super(detail);
    this.line = place?.line ?? null;
    this.column = place?.column ?? null;
    this.isExcess = isExcess;
  }
}

interface Place {
  line: number;
  column: number;
}

/** A template that can be rendered. */
export interface ParsedTemplate {
  /** Line and column of an offset that a token or a sheet names. */
  placeOf(offset: number): Place;
  /** Writes the body. Throws a `TemplateFault`. */
  render(scope: object, grammar: Grammar, options?: { isTraced: boolean }): Sheet;
  /** The paths of names that it uses and does not itself define, such as `['transfer', 'name']`. */
  readonly variables: readonly (readonly string[])[];
  /** The first names of these paths, each once. */
  readonly names: ReadonlySet<string>;
}

/** How long LiquidJS itself lets a rendering take. It looks at the clock between tags: whoever waits needs a limit, too. */
const RENDER_LIMIT_MS = 200;
/** Characters and members that a rendering may make, all in all. LiquidJS charges what filters, ranges and captures make. */
const MEMORY_LIMIT = 4_000_000;

/** Tags that read files, and the one that holds a program in which nothing can be placed. */
const NOT_OFFERED = ['include', 'render', 'layout', 'block', 'liquid', 'tablerow'];

/** How people used to Jinja write a tag. */
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['elif', 'elsif'],
  ['endset', 'endcapture'],
]);

function createEngine(): Liquid {
  const liquid = new Liquid({
    // An empty folder in memory, so that there is no file to be read whatever a tag asks for.
    templates: {},
    ownPropertyOnly: true,
    strictFilters: true,
    renderLimit: RENDER_LIMIT_MS,
    memoryLimit: MEMORY_LIMIT,
    timezoneOffset: 0,
    locale: 'en-US',
    outputEscape: (value: unknown) => printed(value) as unknown as string,
  });
  for (const tag of NOT_OFFERED) delete liquid.tags[tag];
  liquid.registerTag('capture', BoundedCaptureTag);
  const { upcase, downcase, size } = filters;
  for (const [name, filter] of Object.entries({ upper: upcase, lower: downcase, length: size })) {
    liquid.registerFilter(name, filter as FilterImplOptions);
  }
  for (const name of ['json', 'jsonify', 'tojson']) liquid.registerFilter(name, toJson);
  liquid.unregisterFilter('inspect');
  return liquid;
}

function printed(value: unknown): Printed {
  return new Printed(toValue(value));
}

function toJson(this: { context: Context }, value: unknown, space?: unknown): JsonText {
  const indent = typeof space === 'number' ? space : 0;
  const text = JSON.stringify(toValue(value) ?? null, null, indent);
  this.context.memoryLimit.use(text.length);
  return new JsonText(text);
}

/** What is captured is text like any other, and takes no more memory than anything else. */
class BoundedCaptureTag extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, unknown> {
    const capture = new Capture((characters) => context.memoryLimit.use(characters));
    yield this.liquid.renderer.renderTemplates(this.templates, context, capture);
    (context.bottom() as Record<string, unknown>)[this.variable] = capture.buffer;
  }
}

/** Own members only, of our own object too. */
class OwnContext extends Context {
  /** The value of a path of names, as LiquidJS itself would find it, without its generators. */
  valueAt(path: readonly (string | number)[]): unknown {
    // biome-ignore lint/complexity/useLiteralKeys: the brackets reach a private member, which is what holds the scopes.
    let value: unknown = this['findScope'](String(path[0]));
    for (const name of path) value = this.readProperty(value as object, name);
    return value;
  }

  override readProperty(object: object, key: string | number | Drop): unknown {
    if (object instanceof EventName && !Object.hasOwn(object, String(key))) return undefined;
    return super.readProperty(object, key);
  }
}

/**
 * Has each text and each output tell where it stands before it writes. What needs no generator gets none: a template of
 * texts and plain names, as nearly all are, is rendered in a third of the time.
 */
class PlacingParser extends Parser {
  override parseToken(token: TopLevelToken, rest: TopLevelToken[]) {
    const template = super.parseToken(token, rest);
    if (TypeGuards.isTagToken(token)) return template;
    template.render = (template instanceof Output ? outputOf(template) : textOf(template)) as typeof template.render;
    return template;
  }
}

type Write = (context: OwnContext, emitter: PlacedEmitter) => unknown;

function textOf({ token }: Template): Write {
  const text = (token as unknown as { getContent(): string }).getContent();
  return (_context, emitter) => {
    emitter.at = token;
    emitter.write(text);
  };
}

function outputOf(output: Output): Write {
  const { token } = output;
  const path = plainPathOf(output);
  if (path === null) {
    const write = output.render.bind(output);
    return (context, emitter) => {
      emitter.at = token;
      return write(context, emitter);
    };
  }
  return (context, emitter) => {
    emitter.at = token;
    emitter.write(printed(context.valueAt(path)));
  };
}

/** The names of an output that is nothing but a path, or null. The only filter that it then has is our own. */
function plainPathOf({ value: { initial, filters } }: Output): (string | number)[] | null {
  const [token, ...others] = initial.postfix;
  const isPlain = others.length === 0 && filters.length === 1 && filters[0]?.raw === false;
  if (!isPlain || token === undefined || !TypeGuards.isPropertyAccessToken(token)) return null;
  if (token.variable !== undefined) return null;
  const names = token.props.map((prop) => ('content' in prop ? prop.content : null));
  return names.every((name) => typeof name === 'string' || typeof name === 'number') ? names : null;
}

const engine = createEngine();

// LiquidJS counts lines from the start of the template for each name that it finds, which is quadratic. We have `placeOf`.
Token.prototype.getPosition = () => [0, 0];

/** Reads a template. Throws a `TemplateFault` that names the place. */
export function parseTemplate(text: string): ParsedTemplate {
  const { source, placeOf } = withoutComments(text);
  const templates = faultsOf(placeOf, () => {
    const tokens = new Tokenizer(source, engine.options.operators).readTopLevelTokens(engine.options);
    for (const token of tokens) if (TypeGuards.isTagToken(token)) token.name = nameOf(token.name, token.args);
    return new PlacingParser(engine).parseTokens(queueOf(tokens));
  });
  const { globals } = faultsOf(placeOf, () => analyzeSync(templates, { partials: false }));
  const variables = Object.values(globals)
    .flat()
    .map(({ segments }) => segments.filter((segment) => typeof segment === 'string'));
  return {
    placeOf,
    variables,
    names: new Set(variables.flatMap(([name]) => name ?? [])),
    render(scope, grammar, options = { isTraced: false }) {
      const sheet = new Sheet(grammar, options);
      const context = new OwnContext(scope, engine.options, { sync: true }, { liquid: engine });
      faultsOf(placeOf, () => toValueSync(engine.renderer.renderTemplates(templates, context, sheet)));
      return sheet;
    },
  };
}

/** The list, from whose front things are taken at the cost of taking them from its end: LiquidJS does so for each token. */
function queueOf<T>(items: T[]): T[] {
  const queue = items.toReversed();
  queue.shift = () => queue.pop();
  return queue;
}

/** A `set` with a value assigns; one without captures what stands before its `endset`. */
function nameOf(name: string, args: string): string {
  if (name === 'set') return args.includes('=') ? 'assign' : 'capture';
  return OTHER_NAMES.get(name) ?? name;
}

function withoutComments(text: string): { source: string; placeOf: (offset: number) => Place } {
  const comments = commentsOf(text);
  let source = '';
  let end = 0;
  for (const { at, length } of comments) {
    source += text.slice(end, at);
    end = at + length;
  }
  return {
    source: source + text.slice(end),
    placeOf(offset) {
      let original = offset;
      for (const { at, length } of comments) if (at <= original) original += length;
      const before = text.slice(0, original);
      return { line: before.split('\n').length, column: original - before.lastIndexOf('\n') };
    },
  };
}

/** Each `{# … #}`, but for the `{{#` of other languages, which would hide a mistake. */
function commentsOf(text: string): { at: number; length: number }[] {
  const comments: { at: number; length: number }[] = [];
  for (let from = 0; ; ) {
    const at = text.indexOf('{#', from);
    const end = at < 0 ? -1 : text.indexOf('#}', at + 2);
    if (end < 0) return comments;
    const isComment = text[at - 1] !== '{';
    if (isComment) comments.push({ at, length: end + 2 - at });
    from = isComment ? end + 2 : at + 2;
  }
}

/** Turns whatever LiquidJS throws into a fault of the template: it runs no code of ours that could have one. */
function faultsOf<T>(placeOf: (offset: number) => Place, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { token, originalError: cause = error } = error as Partial<LiquidError>;
    const place = LiquidError.is(error) && token !== undefined ? placeOf(token.begin) : null;
    if (cause instanceof BodyTooLarge) throw new TemplateFault(cause.message, null);
    const message = messageOf(cause).replace(/(, file:.*)?, line:\d+, col:\d+$/, '');
    const isExcess = /^(template render|memory alloc) limit exceeded$/.test(message);
    throw new TemplateFault(inOurWords(message), place, { isExcess });
  }
}

function inOurWords(message: string): string {
  if (message.startsWith('template render limit')) return `Rendering takes longer than ${RENDER_LIMIT_MS} ms.`;
  if (/^(memory alloc limit|Invalid string length)/.test(message)) return 'Rendering takes too much memory.';
  if (message.startsWith('Maximum call stack size')) return 'It is nested too deeply.';
  const [, tag = ''] = /^tag "(.*)" not found$/.exec(message) ?? [];
  if (NOT_OFFERED.includes(tag)) return `There is no tag ${tag} here: a template stands alone and reads no other.`;
  return `${message.charAt(0).toUpperCase()}${message.slice(1)}.`;
}

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';

/** A file of the built UI. */
export interface BuiltFile {
  contentType: string;
  plain: Buffer;
  /** Compressed when it was built, by the name of the encoding; the best one first. */
  encoded: ReadonlyMap<string, Buffer>;
}

/** Every file of the UI by its path, such as `/assets/main-3f2a.js`; `/index.html` is the page itself. */
export type BuiltFiles = ReadonlyMap<string, BuiltFile>;

/** The UI as `tools/build-web.ts` left it in a folder. */
export interface Build {
  /** Whether there is something to serve. Looks at the folder. */
  isThere(): boolean;
  /** All of it, read once: what is served together was built together. Null when nothing has been built yet. */
  files(): Promise<BuiltFiles | null>;
}

const PAGE = 'index.html';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** Suffixes of compressed copies. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** The UI in a folder. Nothing is read before it is asked for, and after that nothing is read again. */
export function openBuild(folder: string): Build {
  let reading: Promise<BuiltFiles> | null = null;

  const isThere = (): boolean => existsSync(join(folder, PAGE));

  return {
    isThere,
    async files() {
      if (reading === null && !isThere()) return null;
      reading ??= readFiles(folder).catch((error: unknown) => {
        reading = null;
        throw error;
      });
      return reading;
    },
  };
}

async function readFiles(folder: string): Promise<BuiltFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length).replaceAll('\\', '/'));
  const contents = new Map<string, Buffer>();
  for (const path of paths) contents.set(path, await readFile(join(folder, path)));
  return new Map([...contents].flatMap(([path, plain]) => fileOf(path, plain, contents)));
}

/** The file with its compressed copies; none for such a copy itself, or a kind of file that is not served. */
function fileOf(path: string, plain: Buffer, contents: ReadonlyMap<string, Buffer>): [string, BuiltFile][] {
  const contentType = CONTENT_TYPES[extname(path)];
  if (contentType === undefined) return [];
  const encoded = new Map<string, Buffer>();
  for (const [encoding, suffix] of ENCODINGS) {
    const copy = contents.get(path + suffix);
    if (copy !== undefined) encoded.set(encoding, copy);
  }
  return [[path, { contentType, plain, encoded }]];
}

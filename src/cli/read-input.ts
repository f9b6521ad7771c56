import { readFileSync } from 'node:fs';
import { messageOf } from '../kernel/errors.ts';
import type { Json } from '../kernel/json.ts';
import { type CommandIo, wrongUsage } from './command-io.ts';

/** The JSON value in a file, or in standard input where the name is `-`. Throws a `CommandFailure` (2). */
export async function readJson(io: CommandIo, file: string): Promise<Json> {
  const text = await readTextFile(io, file);
  return parseJson(text, file === '-' ? 'Standard input' : file);
}

/** Parses JSON that a person wrote. Throws a `CommandFailure` (2) whose message begins with `source`. */
export function parseJson(text: string, source: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw wrongUsage(`${source} is not JSON: ${messageOf(error)}.`);
  }
}

/** A secret in a file, or `-`: its text without the white space around it. Throws a `CommandFailure` (2). */
export async function readSecretFile(io: CommandIo, file: string): Promise<string> {
  return secretIn(await readTextFile(io, file), file);
}

function secretIn(text: string, source: string): string {
  const secret = text.trim();
  if (secret === '') throw wrongUsage(`${source} is empty; it should hold the secret alone.`);
  return secret;
}

/**
 * A secret from the environment: the variable itself, or the file that `<name>_FILE` names. Null where neither is set.
 * Throws a `CommandFailure` (2) where both are, or where the file cannot be read or is empty.
 */
export async function secretFromEnvironment(io: CommandIo, name: string): Promise<string | null> {
  const fileName = `${name}_FILE`;
  const value = io.env[name]?.trim() || null;
  const file = io.env[fileName] || null;
  if (value !== null && file !== null) throw wrongUsage(`Both ${name} and ${fileName} are set; unset one of them.`);
  if (file === null) return value;
  const source = `${fileName} names ${file}, which`;
  return secretIn(readFile(file, source), source);
}

/** The text in a file, or in standard input where the name is `-`. Throws a `CommandFailure` (2). */
export async function readTextFile(io: CommandIo, file: string): Promise<string> {
  return file === '-' ? readAll(io.stdin) : readFile(file, file);
}

function readFile(path: string, source: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw wrongUsage(`${source} cannot be read: ${messageOf(error)}.`);
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

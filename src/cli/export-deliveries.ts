import { createWriteStream, renameSync, rmSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '../kernel/errors.ts';
import type { ApiContext } from './api-client.ts';
import { CommandFailure, type CommandIo, type ExitCode } from './command-io.ts';
import { printJson, printLines } from './output.ts';

/** `waybill deliveries export`. `query` holds the server's own parameters; without `output` all goes to standard output. */
export async function exportDeliveries(
  { io, api, json }: ApiContext,
  query: Record<string, string>,
  output: string | null,
): Promise<ExitCode> {
  const body = await api.download({ path: '/deliveries/export', query });
  if (output === null) {
    await print(io, body);
    return 0;
  }
  await save(body, output);
  if (json) printJson(io, { output });
  else printLines(io, [`Written to ${output}.`]);
  return 0;
}

async function print(io: CommandIo, body: AsyncIterable<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of body) io.stdout.write(decoder.decode(chunk, { stream: true }));
  } catch (error) {
    throw brokenOff(error);
  }
}

/** Writes the file under another name until it is whole, so that half an export is never taken for one. */
async function save(body: AsyncIterable<Uint8Array>, output: string): Promise<void> {
  const unfinished = `${output}.part`;
  try {
    await pipeline(body, createWriteStream(unfinished));
    renameSync(unfinished, output);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw brokenOff(error);
  }
}

function brokenOff(error: unknown): CommandFailure {
  return new CommandFailure(`The export did not come to its end: ${messageOf(error)}.`, { cause: error });
}

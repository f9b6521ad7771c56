import type { Clock } from '../kernel/clock.ts';

/** Where a command's words go: a stream, or in a test a list. */
export interface TextSink {
  write(text: string): unknown;
}

/** Everything a command may touch of the process it runs in. Tests hand in their own. */
export interface CommandIo {
  env: Readonly<Record<string, string | undefined>>;
  stdin: AsyncIterable<Uint8Array>;
  stdout: TextSink;
  stderr: TextSink;
  clock: Clock;
  /** Resolves when a person or a supervisor asks the command to end (SIGINT, SIGTERM). */
  untilInterrupted(): Promise<void>;
}

/** What every command returns: 0 it worked, 1 the thing failed, 2 it was called wrongly. */
export type ExitCode = 0 | 1 | 2;

/**
 * A command that cannot go on for a reason people can act on. Shown as its message alone, never with a stack.
 * `problem` is the server's own answer where there was one: `--json` prints it as it came.
 */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;
  readonly problem: object | null;

  constructor(message: string, options: { exitCode?: ExitCode; problem?: object | null; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
    this.problem = options.problem ?? null;
  }
}

/** A `CommandFailure` for wrong usage: exit code 2. */
export function wrongUsage(message: string): CommandFailure {
  return new CommandFailure(message, { exitCode: 2 });
}

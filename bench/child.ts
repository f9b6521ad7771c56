import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a child process can be asked to do: each command takes one plain object and returns a value or a promise. */
type Commands<C> = { [Name in keyof C]: (input: never) => unknown };
type Input<F> = F extends (input: infer I) => unknown ? I : never;
type Output<F> = F extends (input: never) => infer O ? Awaited<O> : never;

interface Question {
  id: number;
  name: string;
  input: unknown;
}

type Answer = { id: number; value: unknown } | { id: number; error: string };

/** A process of the benchmark's own, reached over the channel that `fork` opens. */
export interface Child<C> {
  /** Runs a command in the child. Rejects when the command throws there, or when the child ends first. */
  ask<Name extends keyof C & string>(name: Name, input: Input<C[Name]>): Promise<Output<C[Name]>>;
  /** Ends the child and waits until it is gone. */
  stop(): Promise<void>;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Starts a TypeScript file that calls `answerCommands`. `C` is the table it answers with. */
export function startChild<C extends Commands<C>>(file: URL): Child<C> {
  const path = fileURLToPath(file);
  const child = fork(path, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let endedBecause: Error | null = null;

  const end = (reason: Error): void => {
    endedBecause ??= reason;
    for (const { reject } of waiting.values()) reject(endedBecause);
    waiting.clear();
  };
  child.on('message', (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if ('error' in answer) asked?.reject(new Error(`${path}: ${answer.error}`));
    else asked?.resolve(answer.value);
  });
  child.on('error', (cause) => end(new Error(`${path} could not be run.`, { cause })));
  child.on('exit', (code, signal) => end(new Error(`${path} ended early (${signal ?? `exit code ${code}`}).`)));

  return {
    ask(name, input) {
      if (endedBecause !== null) return Promise.reject(endedBecause);
      lastId += 1;
      const question: Question = { id: lastId, name, input };
      const answered = new Promise<unknown>((resolve, reject) => waiting.set(question.id, { resolve, reject }));
      child.send(question);
      return answered.then((value) => trustAnswer<Output<C[typeof name]>>(value));
    },
    stop: () => stopChild(child),
  };
}

/** The child answers with what its command returned: both sides are compiled against the same table. */
function trustAnswer<T>(value: unknown): T {
  return value as T;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** Answers the questions of the process that started this one, and ends this one when that process is gone. */
export function answerCommands<C extends Commands<C>>(commands: C): void {
  const byName = new Map<string, (input: never) => unknown>(Object.entries(commands));
  process.on('disconnect', () => process.exit(0));
  process.on('message', async (question: Question) => {
    process.send?.(await answerQuestion(byName, question));
  });
}

async function answerQuestion(
  byName: ReadonlyMap<string, (input: never) => unknown>,
  { id, name, input }: Question,
): Promise<Answer> {
  try {
    const command = byName.get(name);
    if (command === undefined) throw new Error(`There is no command ${name}.`);
    return { id, value: await command(input as never) };
  } catch (error) {
    return { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

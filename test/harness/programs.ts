import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';

/** Another program, running, with everything it has written so far. */
export interface Program {
  readonly output: string;
  /** Resolves once the output has `count` matches of the pattern. Rejects when the program ends before. */
  printed(pattern: RegExp, count?: number): Promise<void>;
  /** Writes to its standard input. */
  write(text: string): void;
  /** Ctrl-C: SIGINT to it and to all that it started. Resolves when they have ended. */
  interrupt(): Promise<void>;
}

export interface ProgramOptions {
  cwd: string;
  env: Record<string, string | undefined>;
}

/** Starts a program in a process group of its own, which is killed when the test has finished. */
export function startProgram(command: string, args: readonly string[], { cwd, env }: ProgramOptions): Program {
  const child = spawn(command, args, { cwd, env, stdio: 'pipe', detached: true });
  const closed = once(child, 'close');
  const watchers = new Set<() => void>();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      for (const watch of watchers) watch();
    });
  }

  function signal(name: NodeJS.Signals): void {
    try {
      process.kill(-(child.pid as number), name);
    } catch {
      // All of them have ended.
    }
  }

  onTestFinished(async () => {
    signal('SIGKILL');
    await closed;
  });

  return {
    get output() {
      return output;
    },
    printed(pattern, count = 1) {
      return new Promise((resolve, reject) => {
        const watch = (): void => {
          if ([...output.matchAll(new RegExp(pattern, 'g'))].length >= count) resolve();
        };
        watchers.add(watch);
        watch();
        closed.then(
          () => reject(new Error(`${command} ended and had not printed ${pattern} ${count} times:\n${output}`)),
          reject,
        );
      });
    },
    write: (text) => child.stdin.write(text),
    async interrupt() {
      signal('SIGINT');
      await closed;
    },
  };
}

/** A port of 127.0.0.1 that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('A TCP server has an address with a port.');
  return address.port;
}

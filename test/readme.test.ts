import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { codeBlocks, readDocument, sectionOf } from './harness/markdown.ts';
import { freePort, type Program, startProgram } from './harness/programs.ts';

/** A folder that looks like a clone, so that what the example leaves behind is in nobody's way. */
function makeClone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'waybill-readme-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const entry of ['bin', 'package.json', 'node_modules']) symlinkSync(resolve(entry), join(folder, entry));
  return folder;
}

/** Runs blocks one after the other in one shell, as a person pastes them into one window. */
class Window {
  readonly #shell: Program;
  readonly #folder: string;
  #blocks = 0;

  constructor(folder: string, env: Record<string, string | undefined>) {
    this.#folder = folder;
    this.#shell = startProgram('sh', ['-e'], { cwd: folder, env });
  }

  /** What the block printed. Rejects when one of its commands fails. */
  async paste(block: string): Promise<string> {
    this.#blocks += 1;
    const before = this.#shell.output.length;
    const file = join(this.#folder, `block-${this.#blocks}.sh`);
    writeFileSync(file, block);
    // Its commands must not read what the shell itself is to read next.
    this.#shell.write(`. ${file} < /dev/null; echo "block ${this.#blocks} is done"\n`);
    await this.#shell.printed(new RegExp(`block ${this.#blocks} is done`));
    return this.#shell.output.slice(before);
  }
}

test('the five-minute example of the README does what it says, command by command', async () => {
  const folder = makeClone();
  const ports = { receiver: await freePort(), server: await freePort() };
  const env = {
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: folder,
    npm_config_update_notifier: 'false',
    // Both port numbers of the README may be taken on this machine.
    WAYBILL_LISTEN: `127.0.0.1:${ports.server}`,
  };
  const blocks = codeBlocks(sectionOf(readDocument('README.md'), '## Five minutes in a shell'), 'sh').map((block) =>
    block.replaceAll('9000', String(ports.receiver)).replaceAll('8080', String(ports.server)),
  );
  const next = (): string => blocks.shift() ?? expect.fail('The README has fewer blocks than this test tells of.');
  const leaveRunning = (block: string): Program => startProgram('sh', ['-ec', block], { cwd: folder, env });

  const receiver = leaveRunning(next());
  await receiver.printed(/listening on http:/);
  const server = leaveRunning(next());
  await server.printed(/listening on http:/);

  const you = new Window(folder, env);
  expect(await you.paste(next())).toMatch(/^id +wh_/m);
  expect(await you.paste(next())).toMatch(/^evt_\w+ {2}1 delivery$/m);
  await receiver.printed(/x-waybill-event: order\.shipped[\s\S]*signature: valid/);
  expect(await you.paste(next())).toMatch(/\{"id":"evt_\w+","deliveryCount":1\}/);
  await receiver.printed(/signature: valid/, 2);

  await receiver.interrupt();
  const list = await you.paste(next());
  const [, id = ''] = /^(dlv_\w+) .*order\.cancelled$/m.exec(list) ?? [];
  await server.printed(/"errorCode":"connection_refused"/);

  const receiverAgain = leaveRunning(next());
  await receiverAgain.printed(/x-waybill-event: order\.cancelled[\s\S]*signature: valid/);
  expect(receiverAgain.output).toMatch(/x-waybill-attempt: ([2-9]|\d\d)/);
  await server.printed(/"eventType":"order\.cancelled".*"outcome":"delivered"/);
  const story = await you.paste(next().replace('dlv_…', id));
  expect(story).toMatch(/error +connection_refused/);
  expect(story).toContain('It is delivered.');

  await Promise.all([receiverAgain.interrupt(), server.interrupt()]);
  await you.paste(next());
  expect(blocks).toEqual([]);
});

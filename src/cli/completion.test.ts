import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { runCommand } from './cli-stage.ts';

/** What bash offers for the last of the words, which may be empty. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout: script } = await runCommand(['completion', 'bash']);
  const folder = mkdtempSync(join(tmpdir(), 'waybill-completion-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'completion.bash');
  writeFileSync(path, script);
  const ask = `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _waybill; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const answer = execFileSync('bash', ['-c', ask, 'bash', path, 'waybill', ...words], { encoding: 'utf8' });
  return answer.split('\n').filter((line) => line !== '');
}

describe('completion in bash', () => {
  test('offers the commands, and the options that stand before them', async () => {
    const words = await offered('');
    expect(words).toEqual(expect.arrayContaining(['serve', 'webhooks', 'deliveries', 'completion', '--url', '--json']));
    expect(words).not.toContain('create');
  });

  test('offers what begins as typed', async () => {
    expect(await offered('web')).toEqual(['webhooks']);
    expect(await offered('webhooks', 'cr')).toEqual(['create']);
  });

  test('offers the options of the command that was reached, past arguments and options of others', async () => {
    expect(await offered('webhooks', 'test', 'wh_1', '--ev')).toEqual(['--event-type']);
    expect(await offered('--url', 'http://127.0.0.1:8080', 'deliveries', 'list', '--st')).toEqual([
      '--state',
      '--status',
    ]);
  });

  test('offers the choices of an option, and nothing of ours where it takes any value', async () => {
    expect(await offered('api-key', 'create', '--role', '')).toEqual(['admin', 'operator', 'viewer']);
    expect(await offered('api-key', 'create', '--name', '')).toEqual([]);
    expect(await offered('completion', 'z')).toEqual(['zsh']);
  });

  test('offers every command of the help', async () => {
    const { stdout } = await runCommand(['--help']);
    const listed = [...stdout.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map((match) => match[1] as string);
    expect(await offered('')).toEqual(expect.arrayContaining(listed));
  });
});

describe('completion in other shells', () => {
  test('is the script of bash for zsh, through its own loader', async () => {
    const { stdout } = await runCommand(['completion', 'zsh']);
    expect(stdout).toMatch(/^autoload -U \+X compinit && compinit\nautoload -U \+X bashcompinit && bashcompinit\n/);
    expect(stdout).toContain('complete -o default -F _waybill waybill');
  });

  test('tells fish each command with its description, and quotes what fish would read', async () => {
    const { stdout } = await runCommand(['completion', 'fish']);
    expect(stdout).toContain(
      "complete -c waybill -f -n '__waybill_is_at webhooks' -a pause -d 'hold the deliveries of",
    );
    expect(stdout).toContain("-l url -r -d 'the receiver\\'s URL");
    expect(stdout).toContain("-l role -x -a 'admin operator viewer'");
  });

  test('refuses a shell that it does not know', async () => {
    const outcome = await runCommand(['completion', 'tcsh']);
    expect([outcome.exitCode, outcome.stdout]).toEqual([2, '']);
    expect(outcome.stderr).toContain('bash, zsh, fish');
  });
});

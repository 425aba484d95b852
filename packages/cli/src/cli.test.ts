// The program as a whole: help for it and for each command, and what it says to mistakes.

import { describe, expect, it } from 'vitest';
import { commands } from './commands.ts';
import { useHomeFolder } from './testing/home-folder.ts';
import { runCli } from './testing/run-cli.ts';

const home = useHomeFolder();
const run = (args: readonly string[]) => runCli(args, { home: home.path });

describe('telltale', () => {
  it('lists its commands and what the exit codes mean', async () => {
    const { code, stdout } = await run(['--help']);
    expect(code).toBe(0);
    for (const { name, summary } of commands) expect(stdout).toContain(`${name.padEnd(11)}  ${summary}`);
    expect(stdout).toContain('0 sound or done, 1 not sound, 2 could not check');
  });

  it.each(commands.map(({ name }) => name))('has a help for %s', async (name) => {
    const { code, stdout } = await run([name, '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`usage: telltale ${name} `);
    expect(stdout.split('\n').every((line) => line.length <= 140)).toBe(true);
  });

  it.each([
    [[]],
    [['sell']],
    [['verify']],
    [['keygen']],
    [['watch', 'not a url']],
    [['watch', 'http://x', '--every', '0']],
    [['revoke']],
  ])('exits with 2 for %j', async (args) => {
    expect((await run(args)).code).toBe(2);
  });

  it('tells a mistake as JSON too where JSON was asked for', async () => {
    const { stdout } = await run(['verify', 'nowhere', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'could-not-check', code: 'file' });
  });
});

// The demonstration as its users run it, and its verdicts against those of `telltale verify`.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type Context, Given } from '../command.ts';
import { loadConfig } from '../config.ts';
import { useHomeFolder } from '../testing/home-folder.ts';
import { runCli } from '../testing/run-cli.ts';
import { demoCommand } from './demo-command.ts';

const home = useHomeFolder();
const run = (...args: string[]) => runCli(args, { home: home.path });

describe('telltale demo', () => {
  it('tells nine steps of two lines each, and its verdicts are those that telltale verify gives', async () => {
    const { code, stdout, stderr } = await run('demo', '--output', 'made');
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2 * 9 + 1);
    const outcomes = lines.filter((_, i) => i % 2 === 1);
    expect(outcomes[3]).toMatch(/^ {4}block 1 is 000[0-9a-f]{13}…, found at try \d+; Merkle root /);

    const key = (await readFile(join(home.path, 'made/ledger-key.txt'), 'utf8')).trim();
    const verify = async (...args: string[]) => {
      const { code: exit, stdout: json } = await run('verify', ...args, '--key', key, '--json');
      return { exit, verdict: JSON.parse(json) };
    };
    const honest = await verify('made/honest.jsonl', '--receipt', 'made/receipt.json');
    expect(honest).toMatchObject({ exit: 0, verdict: { verdict: 'sound' } });
    expect(outcomes[5]).toBe('    SOUND: 3 blocks, 4 readings, every signature and hash is right.');

    const changed = await verify('made/changed.jsonl');
    expect(changed).toMatchObject({
      exit: 1,
      verdict: { fault: { code: 'signature', block_index: 1, leaf_index: 2 } },
    });
    expect(outcomes[6]).toMatch(/^ {4}NOT SOUND, in block 1, leaf 2: .*\(signature\)\.$/);

    expect(await verify('made/rewritten.jsonl')).toMatchObject({ exit: 0 });
    expect(outcomes[7]).toBe('    SOUND: 3 blocks, 3 readings, every signature and hash is right.');
    const convicted = await verify('made/rewritten.jsonl', '--receipt', 'made/receipt.json');
    expect(convicted.exit).toBe(1);
    expect(JSON.stringify(convicted.verdict)).toContain('"receipt-other-leaf"');
    expect(outcomes[8]).toMatch(/^ {4}NOT SOUND: the ledger promised leaf 2 .*\(receipt-other-leaf\)\.$/);
  });

  it('keeps nothing over what is there', async () => {
    await home.write('taken', '');
    const { code, stderr } = await run('demo', '--output', 'taken');
    expect(code).toBe(2);
    expect(stderr).toContain('name a folder that is not there yet');
  });

  it('waits for Enter after each step when a person reads it, and not when the input is no terminal', async () => {
    expect((await run('demo', '--pause')).code).toBe(0);
    const { context, stdin, written } = atTerminal();
    const ended = demoCommand.run(new Given({ pause: true }, []), context);
    for (let step = 1; step <= 9; step++) {
      await expect.poll(() => written().split('\n').length, { timeout: 20_000 }).toBe(2 * step + 1);
      stdin.write('\n');
    }
    expect(await ended).toBe(0);
  });

  it('ends when it is told to while it waits', async () => {
    const { context, ending, written } = atTerminal();
    const ended = demoCommand.run(new Given({ pause: true }, []), context);
    const refused = expect(ended).rejects.toMatchObject({ code: 'usage' });
    await expect.poll(written, { timeout: 20_000 }).toContain(' 1  ');
    ending.abort();
    await refused;
  });
});

function atTerminal() {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = new PassThrough();
  const ending = new AbortController();
  let text = '';
  stdout.on('data', (chunk) => {
    text += String(chunk);
  });
  const context: Context = {
    config: loadConfig(),
    stdin,
    stdout,
    stderr: Object.assign(new PassThrough(), { isTerminal: true }),
    signal: ending.signal,
    nowUs: () => 1_784_246_400_000_000,
  };
  return { context, stdin, ending, written: () => text };
}

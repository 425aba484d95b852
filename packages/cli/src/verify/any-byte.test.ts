// The promise of verify: not one byte of an export can change unseen. Every byte of a small one, one flipped bit at a time; some of them
// through the program itself.

import { splitLines, verifyExport } from '@telltale/ledger';
import { describe, expect, it } from 'vitest';
import { useHomeFolder } from '../testing/home-folder.ts';
import { runCli } from '../testing/run-cli.ts';
import { LEDGER_KEY, makeLedger, ORIGIN, VERIFIER_KEY } from '../testing/small-ledger.ts';

const home = useHomeFolder();
const whole = Buffer.from(`${makeLedger({ blocks: 2, perBlock: 2 }).lines.join('\n')}\n`);
/** How many of its bytes are changed for the program: a process each. Prime, so that the steps fall on every kind of field. */
const PROGRAM_RUNS = 61;
/** Processes at one time: as many as a small machine has cores. */
const AT_ONCE = 2;

function flipped(at: number): Buffer {
  const bytes = Buffer.from(whole);
  // Another bit for each place; the highest too, so that it is no text any more.
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
  return bytes;
}

async function verdictOf(bytes: Buffer) {
  const chunks = (async function* () {
    yield bytes;
  })();
  return verifyExport({ lines: splitLines(chunks), trusted: { key: LEDGER_KEY.key, origin: ORIGIN } });
}

describe('an export with one bit flipped', () => {
  it('is sound without it', async () => {
    expect((await verdictOf(whole)).isSound).toBe(true);
  });

  it('is not sound, whichever of its bytes it is, and the verdict names the very line', async () => {
    for (let at = 0; at < whole.length; at++) {
      const { isSound, fault } = await verdictOf(flipped(at));
      expect(isSound, `byte ${at}: ${whole.subarray(Math.max(0, at - 20), at + 20)}`).toBe(false);
      const line = whole.subarray(0, at).toString('latin1').split('\n').length;
      expect(fault?.line, `byte ${at}`).toBe(line);
    }
  });

  it('is refused by the program with exit code 1, a place and a meaning, wherever that is', async () => {
    const step = whole.length / PROGRAM_RUNS;
    const places = Array.from({ length: PROGRAM_RUNS }, (_, i) => Math.floor(i * step));
    const next = places.values();
    const worker = async () => {
      for (const at of next) {
        const { code, stdout } = await runCli(
          ['verify', await home.write(`${at}.jsonl`, flipped(at)), '--key', VERIFIER_KEY],
          {
            home: home.path,
          },
        );
        expect(code, `byte ${at}: ${stdout}`).toBe(1);
        expect(stdout).toMatch(/^NOT SOUND\./);
        expect(stdout).toMatch(/The first thing that is wrong, in (block \d+, )?(leaf \d+, )?line \d+ of the export:/);
        expect(stdout).toMatch(/ {2}What it means: [A-Z]/);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  });
});

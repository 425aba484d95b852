// `telltale verify` as a process, on ledgers whose own receiver sealed what it must not: each is found at its leaf, and said in words.

import { describe, expect, it } from 'vitest';
import { useHomeFolder } from '../testing/home-folder.ts';
import { ATTACKED_BLOCK, FIRST_ADDED_LEAF, honest, LEAF_ATTACKS } from '../testing/leaf-attacks.ts';
import { runCli } from '../testing/run-cli.ts';
import { type SmallLedger, VERIFIER_KEY } from '../testing/small-ledger.ts';

const home = useHomeFolder();
const verify = ({ lines }: SmallLedger) =>
  runCli(['verify', '-', '--key', VERIFIER_KEY], { home: home.path, input: `${lines.join('\n')}\n` });

describe('telltale verify of a ledger whose receiver sealed what it must not', () => {
  it('finds nothing in the ledger as it was before', async () => {
    expect((await verify(honest)).code).toBe(0);
  });

  it.each(LEAF_ATTACKS)('finds $what', async ({ forged, code, place, words }) => {
    const { code: exitCode, stdout } = await verify(forged);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^NOT SOUND\. Do not rely on this export\./);
    const leaf = FIRST_ADDED_LEAF + place;
    expect(stdout).toContain(
      `The first thing that is wrong, in block ${ATTACKED_BLOCK}, leaf ${leaf}, line 5 of the export`,
    );
    expect(stdout).toContain(`(${code}).`);
    expect(stdout).toContain(words);
  });

  it('says of a forged enrolment that it is about consent, not about a reading', async () => {
    const forged = LEAF_ATTACKS.find(({ what }) => what === 'an enrolment with a forged proof of possession')?.forged;
    const { stdout } = await verify(forged ?? honest);
    expect(stdout).toContain('Somebody’s consent is forged');
    expect(stdout).toContain('The leaf says of itself: the enrolment of a key');
  });
});

// `telltale check-proof` as a process: sound, tampered and unreadable proofs, and whom it was told to trust.

import { fromHex, parseProof, proofToJson, toBase64 } from '@telltale/ledger';
import { describe, expect, it } from 'vitest';
import { testKey } from '../../../ledger/src/testing/signing-key.ts';
import { useHomeFolder } from '../testing/home-folder.ts';
import { runCli } from '../testing/run-cli.ts';
import { DEVICE, LEDGER_KEY, makeLedger, ORIGIN, VERIFIER_KEY } from '../testing/small-ledger.ts';

const home = useHomeFolder();
const ledger = makeLedger({ blocks: 3, perBlock: 3 });
const text = ledger.proof(4);
const TOLD = ['--key', VERIFIER_KEY];

const check = (input: string, args: readonly string[] = TOLD) =>
  runCli(['check-proof', '-', ...args], { home: home.path, input });

describe('telltale check-proof', () => {
  it('tells what a sound proof shows and what it does not', async () => {
    const { code, stdout } = await check(text);
    expect(code).toBe(0);
    expect(stdout).toContain(`SOUND. This reading of device "${DEVICE}" is sealed`);
    expect(stdout).toContain(`Ledger       ${ORIGIN}`);
    expect(stdout).toContain('Leaf         4 of 10');
    expect(stdout).toContain('"seq":3');
    expect(stdout).toContain('does not show that the key was not revoked');
  });

  it('takes the JSON form, a bare key, and a file', async () => {
    const parsed = parseProof(text);
    if (!parsed.ok) throw new Error(parsed.message);
    const json = JSON.stringify(proofToJson(parsed.value));
    const { code, stdout } = await check(json, ['--json', '--key', toBase64(LEDGER_KEY.key.spki)]);
    expect(code).toBe(0);
    const shown: { transaction_id: string } = JSON.parse(stdout);
    expect(shown).toMatchObject({ verdict: 'sound', origin: ORIGIN, leaf_index: 4, device: DEVICE, seq: 3 });
    expect(fromHex(shown.transaction_id)).toHaveLength(32);
    const file = await home.write('reading.tlog-proof', text);
    expect((await runCli(['check-proof', file, ...TOLD], { home: home.path })).code).toBe(0);
  });

  it.each([
    ['another index', text.replace('index 4', 'index 5')],
    ['another size', text.replace('\n10\n', '\n11\n')],
    [
      'the proof of another leaf',
      `${text.slice(0, text.indexOf('\nindex'))}${ledger.proof(5).slice(ledger.proof(5).indexOf('\nindex'))}`,
    ],
    ['no path', text.replace(/index 4\n.*?\n\n/s, 'index 4\n\n')],
    ['a cut end', text.slice(0, -20)],
    ['a damaged beginning', text.replace('extra ', 'extra=')],
  ])('exits with 1 for a proof with %s', async (_what, changed) => {
    expect(changed).not.toBe(text);
    const { code, stdout } = await check(changed);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^NOT SOUND\. This proof shows nothing: /);
  });

  it('exits with 1 for the proof of another ledger than the trusted one', async () => {
    expect((await check(text, ['--key', toBase64(testKey(8).key.spki)])).code).toBe(1);
    expect((await check(text, ['--key', toBase64(LEDGER_KEY.key.spki), '--origin', 'other.example'])).code).toBe(1);
  });

  it('exits with 2 and says so when it was not told whom to trust', async () => {
    const { code, stderr } = await check(text, []);
    expect(code).toBe(2);
    expect(stderr).toContain('you did not say whose ledger this must be');
  });

  it('exits with 2 for a file that is no proof', async () => {
    expect((await check('a letter')).code).toBe(2);
    expect((await runCli(['check-proof', 'nowhere', ...TOLD], { home: home.path })).code).toBe(2);
  });
});

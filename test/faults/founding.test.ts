// What the receiver's process does at its start on a database that is not as it expects: one line that says what to do, or one ledger.

import { generateKeyPairSync } from 'node:crypto';
import { readdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept, validateChainOf } from '../../services/receiver/src/testing/post-readings.ts';
import { runReceiverToExit, spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { makeTestLedger, type TestLedger } from './ledger-in-a-folder.ts';

describe('a receiver that starts on a founded ledger', () => {
  let ledger: TestLedger;
  let variables: Record<string, string>;

  beforeAll(async () => {
    ledger = await makeTestLedger();
    variables = { ...ledger.variables, LEDGER_ORIGIN: 'example.org/one', DIFFICULTY: '2', TRANSACTIONS_PER_BLOCK: '1' };
    const receiver = await spawnReceiver({ cwd: ledger.folder, variables });
    await mustAccept(receiver.url, makeDevice().envelope('{"distance":1}'), '?wait=sealed');
    expect(await receiver.stop()).toBe(0);
  });
  afterAll(() => ledger.remove());

  /** Exit code 1 and a single line. */
  async function refusal(change: Record<string, string>): Promise<string> {
    const { code, errorText } = await runReceiverToExit({
      cwd: ledger.folder,
      variables: { ...variables, ...change },
    });
    expect(code).toBe(1);
    expect(errorText).toMatch(/^receiver: [^\n]+\n$/);
    return errorText;
  }

  it('refuses another origin', async () => {
    expect(await refusal({ LEDGER_ORIGIN: 'example.org/two' })).toMatch(/example\.org\/one.*LEDGER_ORIGIN/);
  });

  it('refuses another key', async () => {
    const other = join(ledger.folder, 'other.pem');
    await writeFile(other, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect(await refusal({ LEDGER_KEY_FILE: other })).toMatch(/LEDGER_KEY_FILE/);
  });

  it('refuses a lower difficulty than the chain has reached', async () => {
    expect(await refusal({ DIFFICULTY: '1' })).toMatch(/DIFFICULTY 2/);
  });

  it('refuses to start without the key file, and leaves none behind', async () => {
    const file = join(ledger.folder, 'ledger-key.pem');
    const kept = join(ledger.folder, 'kept.pem');
    await rename(file, kept);
    expect(await refusal({})).toMatch(/LEDGER_KEY_FILE/);
    expect(await readdir(ledger.folder)).not.toContain('ledger-key.pem');
    await rename(kept, file);
  });

  it('starts again with the same key and the same or a higher difficulty', async () => {
    expect((await stat(join(ledger.folder, 'ledger-key.pem'))).mode & 0o777).toBe(0o600);
    const receiver = await spawnReceiver({ cwd: ledger.folder, variables: { ...variables, DIFFICULTY: '3' } });
    await mustAccept(receiver.url, makeDevice().envelope('{"distance":2}'), '?wait=sealed');
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true, blocks: 3 });
    await receiver.stop();
  });
});

describe('two receivers that start together on an empty database', () => {
  it('found one ledger with one genesis, and both serve it', async () => {
    const ledger = await makeTestLedger();
    try {
      const start = () => spawnReceiver({ cwd: ledger.folder, variables: ledger.variables });
      const receivers = await Promise.all([start(), start()]);
      const { rows } = await ledger.pool.query<{ genesis: bigint; ledgers: bigint }>(
        'SELECT (SELECT count(*) FROM blocks) AS genesis, (SELECT count(*) FROM ledger) AS ledgers',
      );
      expect(rows).toEqual([{ genesis: 1n, ledgers: 1n }]);
      for (const { url } of receivers) {
        await mustAccept(url, makeDevice().envelope('{"distance":1}'));
        expect(await validateChainOf(url)).toMatchObject({ valid: true });
      }
      for (const receiver of receivers) expect(await receiver.stop()).toBe(0);
    } finally {
      await ledger.remove();
    }
  });
});

// Two real receivers that witness each other, and a witness that is killed between its commit and its answer.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { targetUrl } from '@telltale/database';
import { createTestDatabase } from '@telltale/database/testing';
import { openCosignature, parseCosignerKey } from '@telltale/ledger';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { startFaultProxy } from '../testing/fault-proxy.ts';
import { mustAccept } from '../testing/post-readings.ts';
import { spawnReceiver } from '../testing/receiver-process.ts';
import { makeDevice } from '../testing/test-device.ts';
import { makeTestLog } from '../testing/test-log.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';
import { until } from '../testing/until.ts';
import { checkpointAt, verifierKeyOf } from '../testing/watched-checkpoint.ts';
import { addCheckpoint, witnessOf } from '../testing/witness-requests.ts';

async function startOne(): Promise<TestReceiver> {
  const receiver = await startTestReceiver();
  onTestFinished(() => receiver.stop());
  return receiver;
}

/** Makes each a witness of the other, and each need the other's cosignature. */
async function introduce(pair: readonly [TestReceiver, TestReceiver]): Promise<[string, string]> {
  const [a, b] = pair;
  const [logA, logB] = [await verifierKeyOf(a.url), await verifierKeyOf(b.url)];
  await a.restart({ WITNESS_LOGS: logB, PORT: new URL(a.url).port });
  await b.restart({ WITNESS_LOGS: logA, PORT: new URL(b.url).port });
  const [keyA, keyB] = [(await witnessOf(a.url)).verifier_key, (await witnessOf(b.url)).verifier_key];
  await a.restart({ WITNESSES: `${b.url}|${keyB}`, WITNESS_POLICY: '1' });
  await b.restart({ WITNESSES: `${a.url}|${keyA}`, WITNESS_POLICY: '1' });
  return [keyA, keyB];
}

describe('two receivers', () => {
  it('witness each other, also after one was away', async () => {
    const pair = [await startOne(), await startOne()] as const;
    const [a, b] = pair;
    const [keyA, keyB] = await introduce(pair);
    const device = makeDevice();
    const untilAllCosigned = async (round: string) => {
      const envelopes = Array.from({ length: 20 }, (_, i) => device.envelope(`{"seq":${i},"round":"${round}"}`));
      for (const { url } of pair) await mustAccept(url, `[${envelopes.join(',')}]`);
      // 20 readings a round, and one leaf that enrols the device.
      const size = 20 * Number(round) + 1;
      for (const [url, key] of [
        [a.url, keyB],
        [b.url, keyA],
      ] as const) {
        await until('the whole log is cosigned by the other', async () => {
          const seen = await checkpointAt(url, [key]);
          return seen.size === size && seen.cosigners.length === 1;
        });
      }
    };
    await untilAllCosigned('1');
    await a.restart();
    await untilAllCosigned('2');
    for (const { url } of pair) {
      const [log] = (await witnessOf(url)).logs;
      expect(log).toMatchObject({ size: 41, forks: 0, rollbacks: 0, unproven: 0 });
    }
  });
});

describe('a witness that is killed after it committed and before it answered', () => {
  it('cosigns the same or a larger size when it is asked again, never a fork', async () => {
    const database = await createTestDatabase(inject('testServer'));
    onTestFinished(() => database.drop());
    const folder = await mkdtemp(join(tmpdir(), 'telltale-witness-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const proxy = await startFaultProxy(targetUrl(database.target), 'UPDATE witnessed_logs');
    onTestFinished(() => proxy.close());
    const log = makeTestLog('log.example/killed');
    const [history, fork] = [log.history(), log.history('fork', 4)];
    const variables = { DATA_DIR: join(folder, 'data'), DATABASE_URL: proxy.url, WITNESS_LOGS: log.verifierKey };

    let held = 0;
    for (const size of [5, 9]) {
      const witness = await spawnReceiver({ cwd: folder, variables });
      onTestFinished(() => witness.kill());
      const committed = proxy.holdNextCommit();
      const answer = addCheckpoint(witness.url, history.request(held, size));
      const unanswered = expect(answer).rejects.toThrow();
      await committed;
      await witness.kill();
      await unanswered;
      held = size;
    }

    const witness = await spawnReceiver({ cwd: folder, variables });
    onTestFinished(() => witness.kill());
    const ask = (body: string) => addCheckpoint(witness.url, body);
    // Who did not hear the answer asks from the old size, and from there again.
    expect(await ask(history.request(5, 9))).toMatchObject({ status: 409, text: '9\n' });
    expect(await ask(fork.request(5, 9))).toMatchObject({ status: 409 });
    expect(await ask(fork.request(9, 9))).toMatchObject({ status: 409 });
    expect((await ask(fork.request(9, 12))).status).toBe(422);
    const verifier = parseCosignerKey((await witnessOf(witness.url)).verifier_key);
    if (!verifier.ok) throw new Error(verifier.message);
    for (const size of [9, 12]) {
      const { status, text } = await ask(history.request(9, size));
      expect(status).toBe(200);
      expect((await openCosignature(history.checkpoint(size) + text, verifier.value)).ok).toBe(true);
    }
    expect((await witnessOf(witness.url)).logs).toMatchObject([{ size: 12, forks: 1, unproven: 1 }]);
  });
});

// This receiver as a witness: what it cosigns, refuses and remembers, over HTTP and against a log that lies.

import { copyFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatAddCheckpoint, openCosignature, parseCosignerKey } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openStoredLedger } from '../testing/stored-ledger.ts';
import { makeTestLog, type TestLog } from '../testing/test-log.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';
import { addCheckpoint, witnessOf } from '../testing/witness-requests.ts';

/** A log for each test, so that none meets what another left. */
const logs: TestLog[] = Array.from({ length: 16 }, (_, i) => makeTestLog(`log.example/${i}`));
let unused = [...logs];
let receiver: TestReceiver;

beforeAll(async () => {
  receiver = await startTestReceiver({ variables: { WITNESS_LOGS: logs.map((log) => log.verifierKey).join(',') } });
});
afterAll(() => receiver.stop());

function nextLog(): TestLog {
  const [log, ...rest] = unused;
  if (!log) throw new Error('every log was used: make more');
  unused = rest;
  return log;
}

/** The time of a cosignature that must be right. */
async function mustBeCosigned(checkpoint: string, lines: string): Promise<number> {
  const verifier = parseCosignerKey((await witnessOf(receiver.url)).verifier_key);
  if (!verifier.ok) throw new Error(verifier.message);
  const cosignature = await openCosignature(checkpoint + lines, verifier.value);
  if (!cosignature.ok) throw new Error(cosignature.message);
  expect(cosignature.value.line).toBe(lines);
  return cosignature.value.timeS;
}

async function reportOf(log: TestLog) {
  const found = (await witnessOf(receiver.url)).logs.find(({ origin }) => origin === log.origin);
  if (!found) throw new Error('the witness does not know the log');
  return found;
}

async function evidenceOf(log: TestLog): Promise<unknown[]> {
  const stored = await openStoredLedger(receiver);
  const { rows } = await stored.pool.query(
    'SELECT kind, held_checkpoint, offered_checkpoint FROM witness_evidence WHERE origin = $1 ORDER BY kind, seen_at',
    [log.origin],
  );
  await stored.close();
  return rows;
}

describe('a witness', () => {
  it('cosigns a log from its first checkpoint on, with the time of its clock', async () => {
    const log = nextLog();
    const history = log.history();
    const steps: [number, number][] = [
      [0, 0],
      [0, 5],
      [5, 5],
      [5, 8],
      [8, 33],
    ];
    for (const [oldSize, size] of steps) {
      const before = Math.floor(Date.now() / 1000);
      const answer = await addCheckpoint(receiver.url, history.request(oldSize, size));
      expect(answer).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' });
      const timeS = await mustBeCosigned(history.checkpoint(size), answer.text);
      expect(timeS).toBeGreaterThanOrEqual(before);
      expect(timeS).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
    }
    expect(await reportOf(log)).toMatchObject({ size: 33, checkpoint: history.checkpoint(33), forks: 0, rollbacks: 0 });
  });

  it('answers 409 with the size that it cosigned last to another old size', async () => {
    const log = nextLog();
    const history = log.history();
    await addCheckpoint(receiver.url, history.request(0, 5));
    for (const [oldSize, size] of [
      [0, 9],
      [4, 9],
      [6, 9],
      [9, 9],
    ] as const) {
      expect(await addCheckpoint(receiver.url, history.request(oldSize, size))).toEqual({
        status: 409,
        type: 'text/x.tlog.size',
        text: '5\n',
      });
    }
    expect(await reportOf(log)).toMatchObject({ size: 5, forks: 0, rollbacks: 0, unproven: 0 });
    expect((await addCheckpoint(receiver.url, history.request(5, 9))).status).toBe(200);
  });

  it('refuses another root at the same size, and keeps both signed checkpoints, once', async () => {
    const log = nextLog();
    const [history, fork] = [log.history(), log.history('fork', 3)];
    await addCheckpoint(receiver.url, history.request(0, 5));
    for (let i = 0; i < 3; i++) {
      expect(await addCheckpoint(receiver.url, fork.request(5, 5))).toMatchObject({ status: 409, text: '5\n' });
    }
    expect(await evidenceOf(log)).toEqual([
      { kind: 'fork', held_checkpoint: history.checkpoint(5), offered_checkpoint: fork.checkpoint(5) },
    ]);
    expect(await reportOf(log)).toMatchObject({ size: 5, checkpoint: history.checkpoint(5), forks: 1 });
  });

  it('refuses a smaller checkpoint, and keeps both', async () => {
    const log = nextLog();
    const history = log.history();
    await addCheckpoint(receiver.url, history.request(0, 9));
    expect(await addCheckpoint(receiver.url, history.request(0, 5))).toMatchObject({ status: 409, text: '9\n' });
    expect(await evidenceOf(log)).toEqual([
      { kind: 'rollback', held_checkpoint: history.checkpoint(9), offered_checkpoint: history.checkpoint(5) },
    ]);
    expect(await reportOf(log)).toMatchObject({ size: 9, rollbacks: 1 });
  });

  it('refuses a larger checkpoint of another history, and takes the suspicion back of one that is shown to extend the last', async () => {
    const log = nextLog();
    const [history, fork] = [log.history(), log.history('fork', 3)];
    await addCheckpoint(receiver.url, history.request(0, 5));
    const tooShort = { oldSize: 5, path: history.path(5, 9).slice(1), checkpoint: history.checkpoint(9) };
    for (const body of [fork.request(5, 9), formatAddCheckpoint(tooShort)]) {
      const answer = await addCheckpoint(receiver.url, body);
      expect(answer).toMatchObject({ status: 422, type: expect.stringContaining('application/problem+json') });
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'checkpoint-inconsistent' });
    }
    expect(await reportOf(log)).toMatchObject({ size: 5, forks: 0, unproven: 2 });
    expect((await addCheckpoint(receiver.url, history.request(5, 9))).status).toBe(200);
    expect(await evidenceOf(log)).toEqual([
      { kind: 'unproven', held_checkpoint: history.checkpoint(5), offered_checkpoint: fork.checkpoint(9) },
    ]);
  });

  it('answers as C2SP says to what it does not know, trust or understand', async () => {
    const log = nextLog();
    const history = log.history();
    const stranger = makeTestLog('log.example/stranger').history();
    const impostor = makeTestLog(log.origin).history();
    for (const [status, code, body] of [
      [404, 'log-unknown', stranger.request(0, 5)],
      [403, 'checkpoint-untrusted', impostor.request(0, 5)],
      [403, 'checkpoint-untrusted', history.request(0, 5).replace(/\n5\n/, '\n6\n')],
      [400, 'checkpoint-malformed', formatAddCheckpoint({ oldSize: 6, path: [], checkpoint: history.checkpoint(5) })],
      [400, 'checkpoint-malformed', history.request(0, 5).replace('old ', 'new ')],
      [400, 'checkpoint-malformed', history.request(0, 5).slice(0, -1)],
      [400, 'checkpoint-malformed', ''],
      [413, 'body-too-large', history.request(0, 5) + 'x'.repeat(65_536)],
    ] as const) {
      const answer = await addCheckpoint(receiver.url, body);
      expect(answer.status, answer.text).toBe(status);
      expect(JSON.parse(answer.text)).toMatchObject({ code });
    }
    expect(await reportOf(log)).toMatchObject({ size: 0, checkpoint: null });
  });

  it('cosigns one history only, however many requests come at once to its two receivers', async () => {
    const { WITNESS_LOGS } = { WITNESS_LOGS: logs.map((log) => log.verifierKey).join(',') };
    const other = await startTestReceiver({ variables: { WITNESS_LOGS }, beside: receiver });
    onTestFinished(() => other.stop());
    for (let round = 0; round < 8; round++) {
      const log = nextLog();
      await addCheckpoint(receiver.url, log.history().request(0, 2));
      const histories = [log.history(), log.history('fork', 2), log.history('other', 3)];
      const bodies = histories.flatMap((history) => [4, 5, 6].map((size) => history.request(2, size)));
      const answers = await Promise.all(
        bodies.flatMap((body) => [receiver.url, other.url].map((url) => addCheckpoint(url, body))),
      );
      // All start from size 2, so the first one shuts the others out.
      expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
      expect(answers.filter((answer) => answer.status === 409)).toHaveLength(answers.length - 1);
    }
  });

  it('remembers after a restart, with the same key of mode 0600', async () => {
    const log = nextLog();
    const [history, fork] = [log.history(), log.history('fork', 3)];
    await addCheckpoint(receiver.url, history.request(0, 5));
    const { verifier_key: key } = await witnessOf(receiver.url);
    await receiver.restart();
    expect((await witnessOf(receiver.url)).verifier_key).toBe(key);
    expect((await stat(receiver.config.witnessKeyFile)).mode & 0o777).toBe(0o600);
    expect(await addCheckpoint(receiver.url, fork.request(0, 7))).toMatchObject({ status: 409, text: '5\n' });
    expect((await addCheckpoint(receiver.url, fork.request(5, 7))).status).toBe(422);
    expect((await addCheckpoint(receiver.url, history.request(5, 7))).status).toBe(200);
  });
});

describe('a receiver', () => {
  it('is no witness unless it is told of logs', async () => {
    const plain = await startTestReceiver();
    onTestFinished(() => plain.stop());
    expect((await addCheckpoint(plain.url, makeTestLog('a').history().request(0, 1))).status).toBe(404);
    expect((await fetch(`${plain.url}/v1/witness`)).status).toBe(404);
  });

  it('does not start as a witness with the ledger’s key, or with a key that is not its memory’s', async () => {
    const log = makeTestLog('log.example/once');
    const witness = await startTestReceiver({ variables: { WITNESS_LOGS: log.verifierKey } });
    onTestFinished(() => witness.stop());
    const { ledgerKeyFile, witnessKeyFile, dataDir } = witness.config;
    await expect(witness.restart({ WITNESS_KEY_FILE: ledgerKeyFile })).rejects.toMatchObject({ code: 'witness-key' });
    await expect(witness.restart({ WITNESS_KEY_FILE: join(dataDir, 'new.pem') })).rejects.toMatchObject({
      code: 'witness-key',
    });
    await copyFile(witnessKeyFile, join(dataDir, 'copy.pem'));
    await witness.restart({ WITNESS_KEY_FILE: join(dataDir, 'copy.pem') });
    expect((await addCheckpoint(witness.url, log.history().request(0, 1))).status).toBe(200);
  });
});

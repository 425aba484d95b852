// The threads that check signatures: each body gets its own readings or its own refusal, and a thread that dies takes only its bodies with it.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { createVerifier, parsePublicKeyPem, type SignatureCheck } from '@telltale/ledger';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { makeDevice } from '../testing/test-device.ts';
import { Verifiers } from './verifiers.ts';

const devices = [makeDevice(), makeDevice('ecdsa-p256'), makeDevice('rsa-pss')];
const dataOf = (number: number) => `{"device":"d${number}","seq":${number},"timestamp":${number}.5}`;
const envelopeOf = (number: number) => devices[number % 3]?.envelope(dataOf(number)) ?? '';
/** One reading in a body that is too long to be checked outside of the threads. */
const longBodyOf = (number: number) => Buffer.from(envelopeOf(number) + ' '.repeat(2_000));
/** The same reading's signature, as one who validates the log has it. */
function checkOf(number: number): SignatureCheck {
  const device = devices[number % 3];
  const key = parsePublicKeyPem(device?.pem ?? '');
  const verify = key.ok ? createVerifier(key.value) : key;
  if (!device || !key.ok || !verify.ok) throw new Error('the key is refused');
  const message = Buffer.from(dataOf(number));
  return { signer: { key: key.value, verify: verify.value }, message, signature: device.sign(message), what: 'of it' };
}
const failures: unknown[] = [];
const log = { error: (entry: unknown) => void failures.push(entry) };

afterEach(() => {
  failures.length = 0;
});

function start(options: { threads?: number; entry?: URL } = {}): Verifiers {
  const verifiers = new Verifiers({ threads: 2, maxEnvelopes: 1_000, log, ...options });
  onTestFinished(() => verifiers.stop());
  return verifiers;
}

/** A thread of another program: this text. */
async function threadOf(program: string): Promise<URL> {
  const folder = await mkdtemp(join(tmpdir(), 'telltale-thread-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'thread.mjs'), program);
  return pathToFileURL(join(folder, 'thread.mjs'));
}

describe('bodies that are checked by threads', () => {
  it('get their own readings, single and in arrays, whatever their number and order', async () => {
    const verifiers = start();
    const bodies = Array.from({ length: 200 }, (_, i) => Array.from({ length: 1 + (i % 4) }, (_, k) => 10 * i + k));
    const all = await Promise.all(
      bodies.map((numbers) => verifiers.verify(Buffer.from(`[${numbers.map(envelopeOf).join(',')}]`))),
    );
    expect(all.map((readings) => readings.map(({ seq }) => seq))).toEqual(bodies);
    for (const readings of all) {
      expect(readings.map(({ position }) => position)).toEqual(readings.map((_, position) => position));
      for (const { device, seq = -1, deviceTimeUs, leaf, key, hasDevice } of readings) {
        const signer = devices[seq % 3];
        expect({ device, deviceTimeUs, hasDevice }).toEqual({
          device: `d${seq}`,
          deviceTimeUs: seq * 1e6 + 5e5,
          hasDevice: true,
        });
        expect(Buffer.from(leaf).toString('latin1').endsWith(dataOf(seq))).toBe(true);
        expect(Buffer.from(key.keyId).toString('hex')).toBe(signer?.keyIdHex);
      }
    }
  });

  it('are refused alone, with the faults of their own items', async () => {
    const verifiers = start();
    const forged = envelopeOf(3).replace('"seq":3', '"seq":4');
    const [good, bad, broken] = await Promise.allSettled([
      verifiers.verify(Buffer.from(envelopeOf(1))),
      verifiers.verify(Buffer.from(`[${envelopeOf(1)},${forged}]`)),
      verifiers.verify(Buffer.from('{')),
    ]);
    expect(good).toMatchObject({ status: 'fulfilled', value: [{ seq: 1 }] });
    expect(bad).toMatchObject({
      reason: { code: 'envelopes-refused', faults: [{ position: 1, code: 'signature-wrong' }] },
    });
    expect(broken).toMatchObject({ reason: { code: 'body-malformed', faults: [{ position: null }] } });
    expect(failures).toEqual([]);
  });

  it('bring every sequence number of their lists, each to its own', async () => {
    const messages = ['{"seq":4}', '[{"seq":1},{"seq":9},{"seq":2}]', '[{"seq":5}]', '[{"seq":7},{"seq":6}]'];
    const bodies = [`[${messages.map((message) => devices[0]?.envelope(message)).join(',')}]`, longBodyOf(8)];
    const [found] = await Promise.all(bodies.map((body) => start().verify(Buffer.from(body))));
    expect(found?.map(({ seq, seqs }) => [seq, seqs])).toEqual([
      [4, undefined],
      [2, [1, 9, 2]],
      [5, undefined],
      [6, [7, 6]],
    ]);
  });

  it('without a device, seq or time say so', async () => {
    const [reading] = await start().verify(Buffer.from(devices[0]?.envelope('{"n":1}') ?? ''));
    const own = devices[0]?.keyIdHex.slice(0, 16);
    expect(reading).toMatchObject({ device: own, hasDevice: false, seq: undefined, deviceTimeUs: undefined });
  });
});

describe('batches of a log’s signatures', () => {
  it('are right, or wrong at their first wrong signature, with bodies under way on the same threads', async () => {
    const verifiers = start();
    const checks = Array.from({ length: 64 }, (_, number) => checkOf(number));
    const wrong = { ...checkOf(1), message: Buffer.from('another') };
    const batches = [checks, checks.with(40, wrong).with(63, wrong), checks.with(0, wrong), checks];
    const bodies = Array.from({ length: 20 }, (_, number) => verifiers.verify(longBodyOf(number)));
    const verdicts = await Promise.all(batches.map((batch) => verifiers.check(batch)));
    expect(verdicts).toEqual([undefined, 40, 0, undefined]);
    expect((await Promise.all(bodies)).map(([reading]) => reading?.seq)).toEqual(bodies.map((_, number) => number));
  });

  it('are given no verdict by a thread that dies, or after the end', async () => {
    const verifiers = start({ entry: await threadOf('throw new Error("it cannot start");') });
    for (const _ of ['at first', 'later']) {
      await expect(verifiers.check([checkOf(1)])).rejects.toMatchObject({ code: 'check-failed' });
    }
    await verifiers.stop();
    await expect(verifiers.check([checkOf(1)])).rejects.toMatchObject({ code: 'stopping' });
  });
});

describe('small bodies', () => {
  it('are checked without a thread, a few at a time', async () => {
    const verifiers = start({ entry: await threadOf('throw new Error("it cannot start");') });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 17 }, (_, number) => verifiers.verify(Buffer.from(envelopeOf(number)))),
    );
    expect(outcomes.map(({ status }) => status)).toEqual([...Array(16).fill('fulfilled'), 'rejected']);
    const [reading] = await verifiers.verify(Buffer.from(envelopeOf(1)));
    expect(reading).toMatchObject({ device: 'd1', seq: 1 });
    expect(reading?.leaf.buffer.byteLength).toBe(reading?.leaf.length);
    const forged = envelopeOf(1).replace('"seq":1', '"seq":2');
    await expect(verifiers.verify(Buffer.from(forged))).rejects.toMatchObject({ code: 'envelopes-refused' });
    await expect(verifiers.verify(longBodyOf(1))).rejects.toMatchObject({ code: 'check-failed' });
  });
});

describe('a thread that dies', () => {
  it('refuses what it worked on as retryable, and another takes its place', async () => {
    // Dies of its first body and is the real one afterwards: the place of the real one is told by its own file.
    const real = new URL('./verifiers-worker.ts', import.meta.url);
    const entry = await threadOf(`
      import { existsSync, writeFileSync } from 'node:fs';
      import { parentPort } from 'node:worker_threads';
      const mark = new URL('./died', import.meta.url);
      if (existsSync(mark)) await import(${JSON.stringify(real.href)});
      else parentPort.on('message', () => { writeFileSync(mark, ''); throw new Error('of its body'); });
    `);
    const verifiers = start({ threads: 1, entry });
    const first = verifiers.verify(longBodyOf(1));
    await expect(first).rejects.toMatchObject({ code: 'check-failed' });
    expect(failures).toHaveLength(1);
    await expect(verifiers.verify(longBodyOf(2))).resolves.toMatchObject([{ seq: 2 }]);
  });

  it('just after its answer, while the event loop is busy, takes nothing else with it', async () => {
    // Refuses all; the first one ends at its second message.
    const entry = await threadOf(`
      import { existsSync, writeFileSync } from 'node:fs';
      import { parentPort } from 'node:worker_threads';
      const mark = new URL('./ended', import.meta.url);
      let messages = 0;
      parentPort.on('message', ({ ends }) => {
        const outcomes = ends.map(() => ({ kind: 'refused', code: 'body-malformed', message: 'refused', faults: [] }));
        const packed = { bytes: new ArrayBuffer(0), table: new Float64Array(0), devices: [], seqs: new Map() };
        parentPort.postMessage({ outcomes, packed });
        if (++messages < 2 || existsSync(mark)) return;
        writeFileSync(mark, '');
        process.exit();
      });
    `);
    // A process of its own: within vitest's, Node.js does not tell of the answer and of the end in one go.
    const program = await threadOf(`
      import { Verifiers } from ${JSON.stringify(new URL('./verifiers.ts', import.meta.url).href)};
      const log = { error: () => undefined };
      const verifiers = new Verifiers({ threads: 1, maxEnvelopes: 1, log, entry: new URL(${JSON.stringify(entry.href)}) });
      for (let n = 0; n < 4; n++) {
        // It is sent by then; the thread is done with it before the event loop goes on.
        if (n === 1) setImmediate(() => setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)));
        console.log(await verifiers.verify(Buffer.alloc(2_000)).catch(({ code }) => code));
      }
      await verifiers.stop();
    `);
    const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(program)], { timeout: 20_000 });
    expect(stdout.trim().split('\n')).toEqual(Array(4).fill('body-malformed'));
  });

  it('before it took anything is not started again until it is needed', async () => {
    const entry = await threadOf('throw new Error("it cannot start");');
    const verifiers = start({ threads: 1, entry });
    await expect(verifiers.verify(longBodyOf(1))).rejects.toMatchObject({ code: 'check-failed' });
    const seen = failures.length;
    await expect(verifiers.verify(longBodyOf(1))).rejects.toMatchObject({ code: 'check-failed' });
    expect(failures).toHaveLength(seen + 1);
  });
});

describe('stop', () => {
  it('refuses what waits and whoever comes', async () => {
    const verifiers = start({
      threads: 1,
      entry: await threadOf("import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => {});"),
    });
    const waiting = Promise.allSettled([1, 2].map((number) => verifiers.verify(Buffer.from(envelopeOf(number)))));
    await verifiers.stop();
    for (const body of await waiting) expect(body).toMatchObject({ reason: { code: 'stopping' } });
    await expect(verifiers.verify(Buffer.from(envelopeOf(3)))).rejects.toMatchObject({ code: 'stopping' });
    expect(failures).toEqual([]);
  });
});

// Chains verified with real threads: the same verdicts as without, the first fault first, and no verdict from a thread that died.

import { generateKeyPairSync, sign } from 'node:crypto';
import { type Block, ChainVerifier, createVerifier, parsePublicKey, type SignatureChecker } from '@telltale/ledger';
import { afterEach, describe, expect, it } from 'vitest';
import { ChainBuilder, readingLeaf } from '../../ledger/src/testing/chain-builder.ts';
import { firstUseLeaf } from '../../ledger/src/testing/registry-leaves.ts';
import { testKey } from '../../ledger/src/testing/signing-key.ts';
import { SignatureThreads, withSignatureThreads } from './signature-threads.ts';

const BLOCKS = 40;
const PER_BLOCK = 100;
const LEDGER = testKey(1);
const DEVICE = testKey(2);
const ledger = { origin: 'threads.test', key: LEDGER.key };

/** A chain of 4,000 readings; those at these leaf indexes have a wrong signature, and everything else is right. */
function chainWith(wrong: readonly number[]): Block[] {
  const builder = new ChainBuilder({ origin: ledger.origin, key: LEDGER, genesisAtUs: 1 });
  let leafIndex = 0;
  for (let block = 1; block <= BLOCKS; block++) {
    const atUs = block * 1_000_000;
    const leaves = Array.from({ length: PER_BLOCK }, (_, i) => {
      const receivedAtUs = atUs + i;
      if (leafIndex++ === 0) return firstUseLeaf({ key: DEVICE.key, devices: ['a'], receivedAtUs });
      const leaf = readingLeaf({ by: DEVICE, message: `{"device":"a","seq":${leafIndex}}`, receivedAtUs });
      return wrong.includes(leafIndex - 1) ? leaf.with(60, 1 ^ (leaf[60] ?? 0)) : leaf;
    });
    builder.seal({ leaves, timestampUs: atUs + PER_BLOCK, difficultyBits: 1 });
  }
  return builder.blocks;
}

async function faultWith(blocks: readonly Block[], checker?: SignatureChecker) {
  const verifier = new ChainVerifier({ ...ledger, ...(checker && { checker }) });
  for (const block of blocks) if (await verifier.addBlock(block)) break;
  return verifier.settle();
}

let threads: SignatureThreads | undefined;
afterEach(() => threads?.stop());

/** What a thread runs instead of checking. */
const program = (source: string) => new URL(`data:text/javascript,${encodeURIComponent(source)}`);

describe('a chain verified with threads', () => {
  it('is sound where it is', async () => {
    expect(await withSignatureThreads((checker) => faultWith(chainWith([]), checker))).toBeUndefined();
  });

  it.each([
    { wrong: [1], first: 1 },
    { wrong: [3999, 1370, 1371, 2000], first: 1370 },
    { wrong: [3999], first: 3999 },
  ])('shows leaf $first as the first that is wrong, with thousands of checks under way', async ({ wrong, first }) => {
    const blocks = chainWith(wrong);
    const some = new SignatureThreads({ threads: 2 });
    threads = some;
    // As many batches as there are: nothing waits for an early verdict.
    const fault = await faultWith(blocks, { maxBatches: BLOCKS * PER_BLOCK, check: (batch) => some.check(batch) });
    expect(fault).toEqual({
      code: 'signature',
      message: 'the device’s signature is wrong',
      blockIndex: 1 + Math.floor(first / PER_BLOCK),
      leafIndex: first,
    });
    expect(await faultWith(blocks)).toEqual(fault);
    await threads.stop();
    threads = new SignatureThreads({ threads: 2 });
    expect(await faultWith(blocks, threads)).toEqual(fault);
  });

  it('shows a signature that is wrong before a fault that was found while reading', async () => {
    const blocks = chainWith([2345]).toSpliced(30, 1);
    threads = new SignatureThreads({ threads: 2 });
    expect(await faultWith(blocks, threads)).toMatchObject({ code: 'signature', leafIndex: 2345 });
  });
});

describe('a batch of all three algorithms', () => {
  it('is right, or wrong at its first wrong signature', async () => {
    const pairs = [
      generateKeyPairSync('ed25519'),
      generateKeyPairSync('ec', { namedCurve: 'P-256' }),
      generateKeyPairSync('rsa', { modulusLength: 2048 }),
    ];
    const message = new TextEncoder().encode('{"n":1}');
    const batch = pairs.map(({ publicKey, privateKey }, i) => {
      const key = parsePublicKey(publicKey.export({ type: 'spki', format: 'der' }));
      const verify = key.ok ? createVerifier(key.value) : key;
      if (!key.ok || !verify.ok) throw new Error('the key is refused');
      // 6: RSA_PKCS1_PSS_PADDING.
      const signature = sign(
        i === 0 ? null : 'sha256',
        message,
        i === 2 ? { key: privateKey, padding: 6 } : privateKey,
      );
      return { signer: { key: key.value, verify: verify.value }, message, signature, what: 'a signature' };
    });
    threads = new SignatureThreads({ threads: 1 });
    // The first batch is checked without a thread.
    for (const _ of ['first', 'second']) {
      expect(await threads.check(batch)).toBeUndefined();
      for (const [place, check] of batch.entries()) {
        const forged = batch.with(place, { ...check, message: new TextEncoder().encode('{"n":2}') });
        expect(await threads.check(forged)).toBe(place);
      }
    }
  });
});

describe('a thread that dies', () => {
  it.each([
    ['ends at once', 'process.exit(0)'],
    ['throws at once', 'throw new Error("no memory")'],
    [
      'ends in its work',
      'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => process.exit(1))',
    ],
    [
      'throws in its work',
      'import { parentPort } from "node:worker_threads"; let n = 0; parentPort.on("message", () => { if (n++ === 3) throw new Error(); parentPort.postMessage(-1); })',
    ],
  ])('and %s leaves no verdict on the chain, now or later', async (_what, source) => {
    threads = new SignatureThreads({ threads: 2, entry: program(source) });
    const verifier = new ChainVerifier({ ...ledger, checker: threads });
    const all = async () => {
      for (const block of chainWith([])) await verifier.addBlock(block);
      return verifier.settle();
    };
    await expect(all()).rejects.toMatchObject({ code: 'signature-threads' });
    await expect(verifier.settle()).rejects.toMatchObject({ code: 'signature-threads' });
  });

  it('or was stopped checks nothing more', async () => {
    threads = new SignatureThreads({ threads: 1 });
    await threads.stop();
    await expect(faultWith(chainWith([]), threads)).rejects.toMatchObject({ code: 'signature-threads' });
  });
});

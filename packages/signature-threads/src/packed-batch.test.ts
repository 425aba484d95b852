// Batches on their way to a thread: what comes out is what went in.

import { ALGORITHM, asKeyId } from '@telltale/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packBatch, unpackBatch } from './packed-batch.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

describe('a packed batch', () => {
  it('holds every message and signature with its own key, each key once', () => {
    const keys = fc.array(bytes, { minLength: 1, maxLength: 5 });
    const checks = fc.array(fc.tuple(fc.nat(), bytes, bytes), { maxLength: 70 });
    fc.assert(
      fc.property(keys, checks, (spkis, rows) => {
        const signers = spkis.map((spki) => ({
          key: { algorithm: ALGORITHM.ed25519, keyId: asKeyId(new Uint8Array(32)), spki },
          verify: async () => true,
        }));
        const batch = rows.map(([n, message, signature]) => {
          const signer = signers[n % signers.length];
          if (!signer) throw new Error('no signer');
          return { signer, message, signature, what: 'a signature' };
        });
        const packed = packBatch(batch);
        expect([...unpackBatch(packed, (spki) => spki)]).toEqual(
          batch.map(({ signer, message, signature }) => ({ key: signer.key.spki, message, signature })),
        );
        const used = new Set(batch.map(({ signer }) => signer));
        const ofKeys = [...used].reduce((sum, { key }) => sum + key.spki.length, 0);
        const ofChecks = batch.reduce((sum, { message, signature }) => sum + message.length + signature.length, 0);
        expect(packed.bytes.byteLength).toBe(ofKeys + ofChecks);
      }),
    );
  });
});

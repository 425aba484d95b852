// The ledger's signature over a block: the golden ones, made again.

import { describe, expect, it } from 'vitest';
import { signBlock, verifyBlockSignature } from './block.ts';
import { fromUtf8, toHex } from './bytes.ts';
import { blockText } from './signed-text.ts';
import { bytesOf, hashOf, readGolden } from './testing/golden.ts';

const { vectors, ledger, device } = readGolden();
const { origin } = vectors;

describe('the golden block signatures', () => {
  it('cover the golden texts', () => {
    for (const { hash, signed_text } of vectors.blocks) {
      expect(fromUtf8(blockText({ origin, hash: hashOf(hash) }))).toBe(signed_text);
    }
  });

  it('are what signBlock makes again, and verify', async () => {
    for (const block of vectors.blocks) {
      const hash = hashOf(block.hash);
      const signature = signBlock({ origin, hash, sign: ledger.sign });
      expect(toHex(signature)).toBe(block.signature);
      expect(await verifyBlockSignature({ origin, hash, signature, verify: ledger.verify })).toBe(true);
    }
  });

  it('do not verify for another hash, origin or key', async () => {
    const [first, second] = vectors.blocks;
    const hash = hashOf(first?.hash ?? '');
    const signature = bytesOf(first?.signature ?? '');
    const { verify } = ledger;
    expect(await verifyBlockSignature({ origin, hash: hashOf(second?.hash ?? ''), signature, verify })).toBe(false);
    expect(await verifyBlockSignature({ origin: 'elsewhere', hash, signature, verify })).toBe(false);
    expect(await verifyBlockSignature({ origin, hash, signature, verify: device.verify })).toBe(false);
  });
});

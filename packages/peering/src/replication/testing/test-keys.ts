// Keys for tests, each from one byte, so that every run has the same identifiers.

import { createPrivateKey, createPublicKey } from 'node:crypto';
import { createSigner, laneOf, type PublicKey, parsePublicKey, type Signer, sha256, utf8 } from '@telltale/ledger';
import { nodeIdOf } from '../../node-id.ts';
import { rawKeyOf } from '../raw-key.ts';
import type { ReceiptSigner } from '../storage-receipt.ts';

/** PKCS#8 before the 32 bytes of an Ed25519 seed (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The ring that tests belong to. */
export const TEST_RING_ID = nodeIdOf(sha256(utf8('a ring of tests')));

function keyPair(seed: string): { key: PublicKey; sign: Signer } {
  const der = Buffer.concat([PKCS8_PREFIX, sha256(utf8(seed))]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const key = parsePublicKey(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }));
  if (!key.ok) throw new Error(key.message);
  return { key: key.value, sign: createSigner(privateKey) };
}

/** A node's key. */
export function testSigner(number: number): ReceiptSigner {
  const { key, sign } = keyPair(`node ${number}`);
  return { ringId: TEST_RING_ID, nodeKey: rawKeyOf(key), sign };
}

/** A ledger's key, with the lane that follows from it. */
export function laneKey(number: number): { rawKey: Uint8Array; lane: Uint8Array; sign: Signer } {
  const { key, sign } = keyPair(`ledger ${number}`);
  return { rawKey: rawKeyOf(key), lane: laneOf(key.keyId), sign };
}

// A log that a witness is shown in tests: its own key, as many histories as a test likes, and requests in which anything may be wrong.

import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import {
  createSigner,
  formatAddCheckpoint,
  formatVerifierKey,
  type Hash,
  leafHash,
  MerkleTree,
  proveConsistency,
  signCheckpoint,
  utf8,
} from '@telltale/ledger';

export interface TestLog {
  readonly origin: string;
  readonly verifierKey: string;
  /** The history whose leaves are named after `branch` from leaf `from` on; all histories agree before. */
  history(branch?: string, from?: number): TestHistory;
}

interface TestHistory {
  /** The signed note of this size. */
  checkpoint(size: number): string;
  path(fromSize: number, toSize: number): Hash[];
  /** The body of a right request. */
  request(oldSize: number, size: number): string;
}

/** Leaves of a history: more than any test shows. */
const LEAVES = 64;

export function makeTestLog(origin: string): TestLog {
  const { privateKey } = generateKeyPairSync('ed25519');
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const sign = createSigner(privateKey);
  return {
    origin,
    verifierKey: formatVerifierKey(origin, spki),
    history(branch = 'main', from = 0) {
      const leaves = Array.from({ length: LEAVES }, (_, i) => leafHash(utf8(`${i < from ? 'main' : branch} ${i}`)));
      const treeAt = (size: number) => new MerkleTree(leaves.slice(0, size));
      const checkpoint = (size: number) => signCheckpoint({ origin, size, root: treeAt(size).root() }, { spki, sign });
      const path = (fromSize: number, toSize: number) => {
        const tree = treeAt(toSize);
        return fromSize === 0 ? [] : proveConsistency({ fromSize, toSize }, (position) => tree.node(position));
      };
      const request = (oldSize: number, size: number) =>
        formatAddCheckpoint({ oldSize, path: path(oldSize, size), checkpoint: checkpoint(size) });
      return { checkpoint, path, request };
    },
  };
}

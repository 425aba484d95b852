// Proofs over the stored log: that leaves are in it, and that a smaller log is the beginning of it. What they mean to whoever checks them is
// packages/ledger.

import {
  consistencyNodes,
  decodeLeaf,
  equalBytes,
  type Hash,
  inclusionNodes,
  type KeyId,
  LEAF_KIND,
  type Leaf,
  type Proof,
  type PublicKey,
  parseEnrolment,
  parseRevocation,
  proveConsistency,
  proveInclusion,
  toHex,
} from '@telltale/ledger';
import type { Pool } from 'pg';
import type { StoredLeaf } from '../store/leaf-store.ts';
import { findPublicKeys } from '../store/signer-store.ts';
import { loadNodes } from './log-nodes.ts';
import type { PublishedCheckpoint } from './published-checkpoint.ts';

/** A proof for each of these leaves, in order; all of them below the checkpoint's size. Two queries, however many they are. */
export async function proveLeaves(
  client: Pool,
  wanted: { leaves: readonly StoredLeaf[]; checkpoint: PublishedCheckpoint; ledgerKey: PublicKey },
): Promise<Proof[]> {
  const { leaves, checkpoint, ledgerKey } = wanted;
  const { logSize: treeSize } = checkpoint.head.header;
  const nodes = leaves.flatMap(({ leafIndex }) => inclusionNodes({ leafIndex, treeSize }));
  const readNode = await loadNodes(client, { size: treeSize, nodes });
  const signed = leaves.map((stored) => ({ ...stored, signer: signerOf(stored) }));
  const keys = await findPublicKeys(
    client,
    signed.map(({ signer }) => signer),
  );
  return signed.map(({ leafIndex, leaf, signer }) => {
    const spki = equalBytes(signer, ledgerKey.keyId) ? ledgerKey.spki : keys.get(toHex(signer));
    if (!spki) throw new Error(`the key that signed leaf ${leafIndex} is not stored`);
    const path = proveInclusion({ leafIndex, treeSize }, readNode);
    return { leafIndex, path, checkpoint: checkpoint.note, leaf, spki };
  });
}

/** The path from the log at `fromSize` leaves to the log at `toSize`, as RFC 6962 section 2.1.2 has it; empty from a log without leaves. */
export async function proveGrowth(client: Pool, sizes: { fromSize: number; toSize: number }): Promise<Hash[]> {
  if (sizes.fromSize === 0) return [];
  const nodes = consistencyNodes(sizes);
  return proveConsistency(sizes, await loadNodes(client, { size: sizes.toSize, nodes }));
}

/** Whose signature a leaf carries; of a first use, which nobody signed, the key that is enrolled. */
function signerOf({ leafIndex, leaf: bytes }: StoredLeaf): KeyId {
  const leaf = decodeLeaf(bytes);
  const signer = leaf.ok ? signerOfLeaf(leaf.value) : undefined;
  if (!signer) throw new Error(`leaf ${leafIndex} cannot be read`);
  return signer;
}

function signerOfLeaf(leaf: Leaf): KeyId | undefined {
  switch (leaf.kind) {
    case LEAF_KIND.reading:
      return leaf.keyId;
    case LEAF_KIND.keyEnrolled: {
      const enrolment = parseEnrolment(leaf.message);
      if (!enrolment.ok) return undefined;
      return enrolment.value.authority === 'first-use' ? leaf.keyId : enrolment.value.by;
    }
    case LEAF_KIND.keyRevoked: {
      const revocation = parseRevocation(leaf.message);
      return revocation.ok ? revocation.value.by : undefined;
    }
    default:
      return leaf.kind satisfies never;
  }
}

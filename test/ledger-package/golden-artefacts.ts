// What a ledger would hand out of the golden chain: export, checkpoint, a receipt, a proof, and whom to trust. Plain JSON, so that it can be
// given to a program that knows nothing but the packed library.

import { readFileSync } from 'node:fs';
import {
  asHash,
  formatExportBlock,
  formatExportEnd,
  formatExportHeader,
  formatProof,
  fromHex,
  MerkleTree,
  proveInclusion,
  toBase64,
} from '@telltale/ledger';

interface GoldenVectors {
  readonly origin: string;
  readonly device: { readonly spki_der: string };
  readonly ledger: { readonly spki_der: string };
  readonly leaves: readonly {
    readonly kind: number;
    readonly received_at: number;
    readonly leaf: string;
    readonly leaf_hash: string;
    readonly transaction_id: string;
  }[];
  readonly blocks: readonly {
    readonly header: string;
    readonly signature: string;
    readonly first_leaf?: number;
    readonly log_size: number;
  }[];
  readonly receipt: {
    readonly lines: readonly string[];
    readonly signed_text: string;
    readonly signature: string;
    readonly paths: readonly (readonly string[])[];
  };
  readonly checkpoint: { readonly note: string; readonly verifier_key: string };
}

export interface Artefacts {
  readonly origin: string;
  /** C2SP verifier key of the ledger. */
  readonly verifierKey: string;
  /** SubjectPublicKeyInfo DER of the ledger's key, base64. */
  readonly spki: string;
  readonly export: string;
  readonly checkpoint: string;
  readonly proof: string;
  readonly receipt: { readonly [member: string]: unknown };
}

export function goldenArtefacts(): Artefacts {
  const file = new URL('../vectors/format-v1.json', import.meta.url);
  const vectors: GoldenVectors = JSON.parse(readFileSync(file, 'utf8'));
  const { origin, ledger, blocks, leaves, checkpoint } = vectors;
  const spki = bytesOf(ledger.spki_der);
  const lines = blocks.map((block) =>
    formatExportBlock({
      header: bytesOf(block.header),
      signature: bytesOf(block.signature),
      leaves: leaves.slice(block.first_leaf ?? 0, block.log_size).map((leaf) => bytesOf(leaf.leaf)),
    }),
  );
  return {
    origin,
    verifierKey: checkpoint.verifier_key,
    spki: toBase64(spki),
    export: [formatExportHeader({ origin, spki }), ...lines, formatExportEnd(checkpoint.note)].join(''),
    checkpoint: checkpoint.note,
    proof: proofOf(vectors),
    receipt: receiptOf(vectors),
  };
}

/** The proof of the first reading, by the device's key. */
function proofOf({ leaves, checkpoint, device }: GoldenVectors): string {
  const tree = new MerkleTree(leaves.map((leaf) => asHash(bytesOf(leaf.leaf_hash))));
  const leafIndex = leaves.findIndex((leaf) => leaf.kind === 1);
  const path = proveInclusion({ leafIndex, treeSize: leaves.length }, tree.node);
  const leaf = bytesOf(leaves[leafIndex]?.leaf ?? '');
  return formatProof({ leafIndex, path, checkpoint: checkpoint.note, leaf, spki: bytesOf(device.spki_der) });
}

function receiptOf({ receipt, leaves }: GoldenVectors): Artefacts['receipt'] {
  const [index = ''] = receipt.lines[0]?.split('\n') ?? [];
  const leaf = leaves[Number(index)];
  return {
    transaction_id: leaf?.transaction_id,
    leaf_index: Number(index),
    leaf_hash: leaf?.leaf_hash,
    received_at: leaf?.received_at,
    seal_by: Number(receipt.signed_text.trimEnd().split('\n').at(-1)),
    position: 0,
    count: receipt.lines.length,
    path: receipt.paths[0],
    signature: toBase64(bytesOf(receipt.signature)),
  };
}

function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (!bytes) throw new TypeError(`not hexadecimal: ${hex}`);
  return bytes;
}

// Who a node is on the wire: its Ed25519 key, and the identifier that follows from it. The key is the node's own, never the ledger's.

import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import {
  ALGORITHM,
  createSigner,
  createSyncVerifier,
  fromBase64,
  parsePublicKey,
  type Signer,
  toBase64,
} from '@telltale/ledger';
import { idOfNode, type NodeId } from '../node-id.ts';

/** The public half of a node: what others know of it. */
export interface NodePublicKey {
  readonly id: NodeId;
  /** The 32 bytes of RFC 8032. */
  readonly raw: Uint8Array;
  /** Whether `signature` is this node's over exactly these bytes. */
  readonly verify: (message: Uint8Array, signature: Uint8Array) => boolean;
}

/** This node: its public half, and what signs with the other half. */
export interface NodeIdentity extends NodePublicKey {
  readonly sign: Signer;
}

const RAW_BYTES = 32;
/** SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410 section 4). */
const SPKI_PREFIX = Uint8Array.from(Buffer.from('302a300506032b6570032100', 'hex'));

/** Reads an Ed25519 public key in base64: 32 bytes as they are, or its SubjectPublicKeyInfo. Undefined: neither, or a point of small order. */
export function parseNodeKey(text: string): NodePublicKey | undefined {
  const bytes = fromBase64(text);
  if (!bytes) return undefined;
  const spki = bytes.length === RAW_BYTES ? Uint8Array.of(...SPKI_PREFIX, ...bytes) : bytes;
  const key = parsePublicKey(spki);
  if (!key.ok || key.value.algorithm !== ALGORITHM.ed25519) return undefined;
  const verify = createSyncVerifier(key.value);
  if (!verify.ok) return undefined;
  const raw = Uint8Array.from(spki.subarray(SPKI_PREFIX.length));
  return { id: idOfNode(raw), raw, verify: verify.value };
}

/** The base64 text of a node's 32 key bytes: what `parseNodeKey` reads, and how frames and rosters write it. */
export function formatNodeKey(key: NodePublicKey): string {
  return toBase64(key.raw);
}

/** This node from its private key. Throws TypeError for a key that is not Ed25519. */
export function nodeIdentityOf(privateKey: KeyObject): NodeIdentity {
  const spki = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const key = parseNodeKey(toBase64(spki));
  if (!key) throw new TypeError("a node's key is an Ed25519 key");
  return { ...key, sign: createSigner(privateKey) };
}

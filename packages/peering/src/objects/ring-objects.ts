// Flowchain's submit and read, on the ring. An object is any bytes, kept by its replicas under their SHA-256: Flowchain's keys held the time and a
// random number, so that nobody could find an object by what it is; these can be computed by anybody.

import { accept, type Result, refuse, sha256 } from '@telltale/ledger';
import type { Ring } from '../node/ring.ts';
import { type NodeId, nodeIdOf } from '../node-id.ts';
import type { StorageReceipt } from '../replication/storage-receipt.ts';
import type { ObjectCode } from './object-fault.ts';
import type { ObjectHooks } from './object-hooks.ts';

/** An object that a majority of its replicas has. */
export interface SubmittedObject {
  readonly key: NodeId;
  /** One of each replica that acknowledged it. */
  readonly receipts: readonly StorageReceipt[];
}

export class RingObjects {
  private readonly ring: Pick<Ring, 'putValue' | 'getValue'>;
  private readonly hooks: ObjectHooks;
  private readonly limits: { readonly objectBytes: number };

  constructor(parts: {
    ring: Pick<Ring, 'putValue' | 'getValue'>;
    hooks: ObjectHooks;
    limits: { readonly objectBytes: number };
  }) {
    this.ring = parts.ring;
    this.hooks = parts.hooks;
    this.limits = parts.limits;
  }

  /**
   * Puts an object on the ring. `object-not-stored`: no majority acknowledged it; it may be submitted again. `key`, where it is known before,
   * must be the SHA-256 (`object-key`). A crash before the answer leaves an object that may or may not be there; submitting it again does no harm.
   */
  async submit(
    bytes: Uint8Array,
    key?: NodeId,
  ): Promise<Result<SubmittedObject, 'object-empty' | 'object-too-large' | 'object-key' | 'object-not-stored'>> {
    if (bytes.length === 0) return refuse('object-empty', 'an object has at least one byte');
    if (bytes.length > this.limits.objectBytes) return tooLarge(this.limits.objectBytes);
    if (key !== undefined && nodeIdOf(sha256(bytes)) !== key) {
      return refuse('object-key', 'the key of an object is the SHA-256 of its bytes');
    }
    const stored = await this.ring.putValue(bytes);
    if (stored.outcome !== 'stored') {
      return refuse('object-not-stored', 'no majority of the replicas acknowledged the object; submit it again');
    }
    const { key: storedKey, receipts } = stored;
    this.hooks.emit('stored', { key: storedKey, sizeBytes: bytes.length, receipts });
    return accept({ key: storedKey, receipts });
  }

  /**
   * The object, its hash checked. `object-not-found`: no replica has it, or what stands there is longer than an object (a block).
   * `ring-unavailable`: not all replicas could be asked, so it may be there.
   */
  async read(key: NodeId): Promise<Result<Uint8Array, 'object-not-found' | 'ring-unavailable'>> {
    const found = await this.ring.getValue(key);
    if (found === 'unavailable') return refuse('ring-unavailable', 'not all replicas answered; ask again later');
    if (found === 'missing') return refuse('object-not-found', 'no replica has an object of that key');
    if (found.length > this.limits.objectBytes) return refuse('object-not-found', 'what has that key is no object');
    this.hooks.emit('read', { key, sizeBytes: found.length });
    return accept(found);
  }
}

function tooLarge(objectBytes: number) {
  return refuse('object-too-large' satisfies ObjectCode, `an object has at most ${objectBytes} bytes`);
}

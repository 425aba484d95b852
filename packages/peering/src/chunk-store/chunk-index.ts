// Chunks by (namespace, index), over a place that keeps content-addressed values and signed records: the value under its SHA-256, and a record of
// kind 'chunk' that says which value stands at the index now. Source: peering.md section 4, abstract-chunk-store.
// Record name = namespace ‖ "/" ‖ index in decimal, value = SHA-256 of the chunk. The record named namespace ‖ "/" ends a namespace: what has no
// higher version than it is gone.

import { equalBytes, type Signer, utf8 } from '@telltale/ledger';
import { type NodeId, nodeIdOf } from '../node-id.ts';
import { recordKey, type SignedRecord, signRecord } from '../replication/signed-record.ts';
import type { ChunkPlace } from './chunk-place.ts';
import { ChunkStoreError } from './chunk-store-error.ts';

/**
 * How often a put or a read is tried. Each try already looks for the replicas again and again for some seconds (replication/settings.ts); three of them
 * outlast the time in which a killed node is still in everybody's lists. A guess.
 */
const TRIES = 3;
const HASH_BYTES = 32;

/** Who puts: the owner of the index records. One owner and namespace must have one writer at a time. */
export interface ChunkOwner {
  /** Raw Ed25519 key, 32 bytes. */
  readonly rawKey: Uint8Array;
  /** Signs for that key. */
  readonly sign: Signer;
}

export interface ChunkIndexParts {
  readonly place: ChunkPlace;
  readonly owner: ChunkOwner;
  readonly namespace: string;
  /** Nobody has used the namespace before, so nothing of it needs to be looked for. */
  readonly isFresh: boolean;
  /** Microseconds since the epoch: what versions are made of, so that they grow also from one process to the next. */
  readonly nowUs: () => number;
}

export class ChunkIndex {
  private readonly parts: ChunkIndexParts;
  /** The highest version that was given or seen. */
  private version = 0;
  /** The version at which the namespace was last ended, 0 for never; looked up once. */
  private ended: Promise<number> | undefined;

  constructor(parts: ChunkIndexParts) {
    this.parts = parts;
    if (parts.isFresh) this.ended = Promise.resolve(0);
  }

  /**
   * Returns once a majority of the replicas has the bytes and, after that, the record: from then on every read finds them. A crash before the
   * record's majority leaves either the old chunk or the new one at the index, never a mixture. Throws `chunk-not-stored`, `chunk-unavailable`.
   */
  async put(index: number, bytes: Uint8Array): Promise<void> {
    await this.endedAt();
    const key = await this.putValue(bytes);
    await this.putRecord(this.nameOf(index), Buffer.from(key, 'hex'));
  }

  /** The bytes that were put last. Throws `chunk-not-found`, `chunk-unavailable`. */
  async get(index: number): Promise<Uint8Array> {
    const [record, ended] = await Promise.all([this.newest(this.nameOf(index)), this.endedAt()]);
    if (!record || record.version <= ended) throw new ChunkStoreError('chunk-not-found', `there is no chunk ${index}`);
    if (record.value.length !== HASH_BYTES) throw new ChunkStoreError('chunk-unavailable', 'the record names no value');
    const key = nodeIdOf(record.value);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const found = await this.parts.place.getValue(key);
      if (found === 'missing') break;
      if (found !== 'unavailable') return found;
    }
    throw new ChunkStoreError('chunk-unavailable', `the bytes of chunk ${index} were not found; get it again later`);
  }

  /** Ends the namespace: no chunk that was put before is found again. The values stay where they are; others may have put the same ones. */
  async end(): Promise<void> {
    await this.endedAt();
    await this.putRecord(this.nameOf(''), new Uint8Array());
  }

  private nameOf(index: number | ''): Uint8Array {
    return utf8(`${this.parts.namespace}/${index}`);
  }

  private async endedAt(): Promise<number> {
    const looked = this.ended ?? this.newest(this.nameOf('')).then((record) => record?.version ?? 0);
    this.ended = looked;
    try {
      const version = await looked;
      this.version = Math.max(this.version, version);
      return version;
    } catch (error) {
      if (this.ended === looked) this.ended = undefined;
      throw error;
    }
  }

  private async putValue(bytes: Uint8Array): Promise<NodeId> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { outcome, key } = await this.parts.place.putValue(bytes);
      if (outcome === 'stored') return key;
    }
    throw notStored();
  }

  private async putRecord(name: Uint8Array, value: Uint8Array): Promise<void> {
    let record = this.sign(name, value);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { outcome } = await this.parts.place.putRecord(record);
      if (outcome === 'stored') return;
      if (outcome === 'superseded') {
        // This clock is behind the one that gave the version that stands.
        const standing = await this.newest(name);
        this.version = Math.max(this.version, standing?.version ?? 0);
        record = this.sign(name, value);
      }
    }
    throw notStored();
  }

  private sign(name: Uint8Array, value: Uint8Array): Uint8Array {
    const { owner, nowUs } = this.parts;
    this.version = Math.max(this.version + 1, Math.floor(nowUs()));
    const statement = { kind: 'chunk' as const, owner: owner.rawKey, name, version: this.version, value };
    return signRecord(statement, owner.sign);
  }

  /** The owner's record that counts. Throws `chunk-unavailable`: a minority of the replicas may not have the newest. */
  private async newest(name: Uint8Array): Promise<SignedRecord | undefined> {
    const key = recordKey('chunk', name);
    for (let tries = 0; tries < TRIES; tries += 1) {
      const { records, isMajority } = await this.parts.place.getRecords(key);
      if (isMajority) return records.find((record) => this.isOwn(record, name));
    }
    throw new ChunkStoreError('chunk-unavailable', 'too few replicas of the index answered; try again later');
  }

  private isOwn(record: SignedRecord, name: Uint8Array): boolean {
    return (
      record.kind === 'chunk' && equalBytes(record.owner, this.parts.owner.rawKey) && equalBytes(record.name, name)
    );
  }
}

function notStored(): ChunkStoreError {
  return new ChunkStoreError('chunk-not-stored', 'no majority of the replicas acknowledged the chunk; put it again');
}

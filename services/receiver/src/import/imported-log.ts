// The log as an import writes it: verified blocks go in one after the other, and what accepting and sealing them would have written comes
// out, a batch at a time, by the same stores. All of it belongs to the caller's one transaction.

import {
  asHash,
  decodeHeader,
  type ExportedBlock,
  type Hash,
  headerHash,
  LEAF_KIND,
  parseEnrolment,
  type Tile,
  TileEdge,
  type VerifiedLeaf,
} from '@telltale/ledger';
import type { PoolClient } from 'pg';
import { accountDevices } from '../devices/account-devices.ts';
import type { DeviceReading } from '../devices/device-reading.ts';
import { appendBlocks, type StoredBlock } from '../store/block-store.ts';
import type { LogCounter } from '../store/identity-store.ts';
import {
  appendLeaves,
  ensurePartitions,
  type NewEnrolment,
  type NewLeaf,
  type NewRevocation,
  needsPartition,
} from '../store/leaf-store.ts';
import { insertTiles } from '../store/tile-store.ts';

/** Leaves, bytes of leaves and blocks that are written together: a few megabytes of memory each as statements. Guesses. */
const BATCH_LEAVES = 2048;
const BATCH_BYTES = 1024 * 1024;
const BATCH_BLOCKS = 1024;

/** What waits to be written. */
interface Batch {
  readonly leaves: NewLeaf[];
  readonly enrolments: NewEnrolment[];
  readonly revocations: NewRevocation[];
  readonly readings: DeviceReading[];
  readonly tiles: Tile[];
  readonly blocks: StoredBlock[];
  sizeBytes: number;
}

export class ImportedLog {
  private readonly client: PoolClient;
  private readonly edge = TileEdge.empty();
  private batch = emptyBatch();
  /** As the leaves written so far leave it. */
  private counter: LogCounter = { nextLeafIndex: 0, lastReceivedAtUs: 0, registryVersion: 0n };
  /** Hash of the newest block that is written. */
  private head: Hash | undefined;

  /** `client`: in a transaction on a database that has an identity and nothing else. */
  constructor(client: PoolClient) {
    this.client = client;
  }

  /** Takes the next block of the chain, as its verifier saw it. */
  async take({ blockIndex, block, leaves }: ExportedBlock): Promise<void> {
    for (const [i, verified] of leaves.entries()) {
      const leaf = block.leaves[i];
      if (!leaf) throw new Error(`block ${blockIndex} has fewer leaves than were verified`);
      this.push(verified, leaf);
      // Inside the block too: one block may hold every reading of a ledger.
      if (this.isFull()) await this.flush();
    }
    const { header, signature } = block;
    this.batch.blocks.push({ blockIndex, hash: headerHash(header), logSize: logSizeOf(header), header, signature });
    if (this.isFull()) await this.flush();
  }

  /**
   * Writes what is still in memory: before the caller's COMMIT, which alone makes any of it valid. A crash before that COMMIT leaves the
   * database as it was, whatever was flushed.
   */
  async flush(): Promise<void> {
    const { client, batch, counter } = this;
    this.batch = emptyBatch();
    if (batch.leaves.length > 0) await this.writeLeaves(batch, counter.nextLeafIndex);
    await insertTiles(client, batch.tiles);
    const last = batch.blocks.at(-1);
    if (!last) return;
    const isAppended = await appendBlocks(client, { parent: this.head, blocks: batch.blocks });
    if (!isAppended) throw new Error('another block stands where the import goes on');
    this.head = asHash(last.hash);
  }

  private push(verified: VerifiedLeaf, leaf: Uint8Array): void {
    const { leafIndex, transactionId, leafHash, reading } = verified;
    const { receivedAtUs } = verified.leaf;
    const { batch } = this;
    batch.leaves.push({ leafIndex, leaf, transactionId, leafHash, receivedAtUs });
    batch.sizeBytes += leaf.length;
    batch.tiles.push(...this.edge.append(leafHash));
    if (reading) batch.readings.push({ ...reading, leafIndex, receivedAtUs });
    else this.pushRegistryChange(verified);
  }

  private pushRegistryChange({ leafIndex, leaf: { kind, keyId, message } }: VerifiedLeaf): void {
    if (kind === LEAF_KIND.keyRevoked) {
      this.batch.revocations.push({ keyId, leafIndex });
      return;
    }
    const enrolment = parseEnrolment(message);
    if (!enrolment.ok) throw new Error(`leaf ${leafIndex} was verified and cannot be read: ${enrolment.message}`);
    const { key, devices } = enrolment.value;
    this.batch.enrolments.push({ keyId, publicKey: key.spki, devices, leafIndex });
  }

  private isFull(): boolean {
    const { leaves, blocks, sizeBytes } = this.batch;
    return leaves.length >= BATCH_LEAVES || blocks.length >= BATCH_BLOCKS || sizeBytes >= BATCH_BYTES;
  }

  private async writeLeaves(batch: Batch, from: number): Promise<void> {
    const { leaves, enrolments, revocations, readings } = batch;
    const to = from + leaves.length;
    // The partition that the log grows into is there already; this makes the one after it.
    if (needsPartition({ before: from, after: to })) await ensurePartitions(this.client, to);
    this.counter = {
      nextLeafIndex: to,
      lastReceivedAtUs: leaves.at(-1)?.receivedAtUs ?? this.counter.lastReceivedAtUs,
      registryVersion: this.counter.registryVersion + BigInt(enrolments.length + revocations.length),
    };
    await appendLeaves(this.client, { leaves, enrolments, revocations, counter: this.counter });
    // Their block may still be to come: what the transaction commits ends with a block.
    await accountDevices(this.client, { from, to, readings });
  }
}

function emptyBatch(): Batch {
  return { leaves: [], enrolments: [], revocations: [], readings: [], tiles: [], blocks: [], sizeBytes: 0 };
}

function logSizeOf(bytes: Uint8Array): number {
  const header = decodeHeader(bytes);
  if (!header.ok) throw new Error(`a header was verified and cannot be read: ${header.message}`);
  return header.value.logSize;
}

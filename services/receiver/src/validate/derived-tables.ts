// Every stored column that repeats something of the log: transaction ids, tiles, the tables of keys and devices, the counter, the identity.
// Nothing is proved by them, but the service acts on them, so a wrong one must be found.

import {
  type ChainFault,
  type ChainSummary,
  equalBytes,
  LEAF_KIND,
  type PublicKey,
  type Registry,
  type Tile,
  Tiling,
  toHex,
  type VerifiedLeaf,
} from '@telltale/ledger';
import type { PoolClient } from 'pg';
import { loadHeadMark } from '../store/block-store.ts';
import { loadIdentity, readCounter } from '../store/identity-store.ts';
import { countTransactions, findTransactions, type StoredTransaction } from '../store/leaf-store.ts';
import { loadRegistryTables } from '../store/registry-store.ts';
import { countTiles, readTile } from '../store/tile-store.ts';
import { holdsTransactions } from '../store/transaction-check.ts';
import { DeviceTables } from './device-tables.ts';

/** Leaves whose transaction ids are looked up together. */
const LOOKUP_LEAVES = 1024;

export class DerivedTables {
  private readonly client: PoolClient;
  private readonly ledger: { origin: string; key: PublicKey };
  private readonly tiling = new Tiling();
  private readonly devices: DeviceTables;
  private waiting: VerifiedLeaf[] = [];
  private tiles = 0;
  private registryLeaves = 0n;
  private lastReceivedAtUs = 0;

  constructor(client: PoolClient, ledger: { origin: string; key: PublicKey }) {
    this.client = client;
    this.ledger = ledger;
    this.devices = new DeviceTables(client);
  }

  async identityFault(): Promise<ChainFault | undefined> {
    const identity = await loadIdentity(this.client);
    const isOwn = identity?.origin === this.ledger.origin && equalBytes(identity.publicKey, this.ledger.key.spki);
    return isOwn ? undefined : { code: 'ledger-identity', message: 'the stored origin or key is not this ledger’s' };
  }

  /**
   * Takes the next leaves of the log, in order. Tiles are written with the block that seals their last leaf, and devices are accounted with
   * it: pending leaves fill none and count for none.
   */
  async take(leaves: readonly VerifiedLeaf[], are: 'sealed' | 'pending'): Promise<ChainFault | undefined> {
    for (const leaf of leaves) {
      for (const tile of this.tiling.append(leaf.leafHash)) {
        const fault = are === 'sealed' ? await this.tileFault(tile) : undefined;
        if (fault) return fault;
      }
      if (leaf.leaf.kind !== LEAF_KIND.reading) this.registryLeaves++;
      this.lastReceivedAtUs = leaf.leaf.receivedAtUs;
      this.waiting.push(leaf);
    }
    const fault = this.waiting.length < LOOKUP_LEAVES ? undefined : await this.transactionsFault();
    return fault ?? (are === 'sealed' ? this.devices.take(leaves) : undefined);
  }

  async holdsTransaction(leaf: VerifiedLeaf): Promise<boolean> {
    const [stored] = await findTransactions(this.client, [leaf.transactionId]);
    return isOf(stored, leaf);
  }

  /** After the last leaf: what is left to look up, counts, and the tables that only the whole log determines. */
  async finish(registry: Registry, head: ChainSummary['head']): Promise<ChainFault | undefined> {
    return (
      (await this.transactionsFault()) ??
      (await this.countsFault()) ??
      (await this.headFault(head)) ??
      (await this.counterFault()) ??
      (await this.registryFault(registry)) ??
      (await this.devices.finish(head?.logSize ?? 0))
    );
  }

  private async tileFault(tile: Tile): Promise<ChainFault | undefined> {
    this.tiles++;
    const stored = await readTile(this.client, tile);
    if (stored && equalBytes(stored.hashes, tile.hashes) && equalBytes(stored.root, tile.root)) return undefined;
    return {
      code: 'tile',
      message: `tile ${tile.index} of level ${tile.level} is missing or not what the leaves give`,
    };
  }

  private async transactionsFault(): Promise<ChainFault | undefined> {
    const leaves = this.waiting;
    this.waiting = [];
    const [first] = leaves;
    if (!first || (await this.areTransactionsHeld(first.leafIndex, leaves))) return undefined;
    const ids = leaves.map((leaf) => leaf.transactionId);
    const found = new Map((await findTransactions(this.client, ids)).map((row) => [toHex(row.transactionId), row]));
    const wrong = leaves.find((leaf) => !isOf(found.get(toHex(leaf.transactionId)), leaf));
    if (!wrong) return undefined;
    const { leafIndex } = wrong;
    return {
      code: 'transaction',
      message: `what is kept of the transaction of leaf ${leafIndex} does not fit it`,
      leafIndex,
    };
  }

  private areTransactionsHeld(start: number, leaves: readonly VerifiedLeaf[]): Promise<boolean> {
    const expected = leaves.map(({ transactionId, leafHash, leaf }) => {
      return { transactionId, leafHash, receivedAtUs: leaf.receivedAtUs };
    });
    return holdsTransactions(this.client, { start, leaves: expected });
  }

  private async countsFault(): Promise<ChainFault | undefined> {
    if ((await countTransactions(this.client)) !== this.tiling.size) {
      return { code: 'transaction-extra', message: 'there are transaction ids that no leaf has' };
    }
    if ((await countTiles(this.client)) !== this.tiles) {
      return { code: 'tile-extra', message: 'there are tiles that no leaves fill' };
    }
    return undefined;
  }

  private async headFault(head: ChainSummary['head']): Promise<ChainFault | undefined> {
    const mark = await loadHeadMark(this.client);
    if (mark && mark.blockIndex === head?.index && equalBytes(mark.hash, head.hash)) return undefined;
    const blockIndex = mark?.blockIndex;
    const message = 'the newest block is not the one that was sealed last';
    return { code: 'block-missing', message, ...(blockIndex !== undefined && { blockIndex }) };
  }

  private async counterFault(): Promise<ChainFault | undefined> {
    const counter = await readCounter(this.client);
    const isRight =
      counter.nextLeafIndex === this.tiling.size &&
      counter.lastReceivedAtUs === this.lastReceivedAtUs &&
      counter.registryVersion === this.registryLeaves;
    return isRight ? undefined : { code: 'counter', message: 'the counter row does not fit the leaves' };
  }

  private async registryFault(registry: Registry): Promise<ChainFault | undefined> {
    const stored = await loadRegistryTables(this.client);
    const wrong = { code: 'registry-table', message: 'the tables of keys and devices do not fit the log' };
    let keys = 0;
    for (const { key, devices, leafIndex, revokedAt } of registry.keys()) {
      keys++;
      const row = stored.get(toHex(key.keyId));
      if (
        !row ||
        row.leafIndex !== leafIndex ||
        row.revokedAtLeaf !== revokedAt ||
        !equalBytes(row.publicKey, key.spki)
      )
        return wrong;
      if (row.devices.size !== devices.size) return wrong;
      for (const [device, at] of devices) if (row.devices.get(device) !== at) return wrong;
    }
    return stored.size === keys ? undefined : wrong;
  }
}

function isOf(stored: StoredTransaction | undefined, leaf: VerifiedLeaf): boolean {
  if (stored?.leafIndex !== leaf.leafIndex || stored.receivedAtUs !== leaf.leaf.receivedAtUs) return false;
  return equalBytes(stored.leafHash, leaf.leafHash);
}

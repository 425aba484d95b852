// Whether the ring has another chain of this very ledger. That happens when a receiver starts with the ledger's key on an empty database, or on
// an old copy of one: what it seals then contradicts what it signed before, and must not stand beside it in the ring.

import { equalBytes } from '@telltale/ledger';
import type { BlockReader } from '@telltale/plugin';
import type { Ring } from '../node/ring.ts';
import { blockName, readBlockStatement } from '../replication/block-statement.ts';
import { recordKey } from '../replication/signed-record.ts';

/**
 * Heights that are looked at. Their records lie with different nodes: the database that was lost may have held a copy itself, and a majority of one
 * key's replicas be such as do not have it yet. A guess.
 */
const HEIGHTS = 4;

/**
 * Looks at the heights from `height` on. `another`: the lane's key has signed a block of one of them that is not in this database, and none that
 * is. `unavailable`: too few replicas could be asked. Where the ring has both, the chain goes on: somebody has decided that already, and
 * both are kept as evidence. Rejects with what the database throws.
 */
export async function chainInRing(of: {
  ring: Pick<Ring, 'getRecords'>;
  blocks: Pick<BlockReader, 'page'>;
  lane: Uint8Array;
  height: number;
}): Promise<'own' | 'another' | 'unavailable'> {
  const heights = Array.from({ length: HEIGHTS }, (_, i) => of.height + i);
  const found = await Promise.all(heights.map((height) => blockInRing({ ...of, height })));
  return found.find((one) => one === 'another') ?? found.find((one) => one === 'unavailable') ?? 'own';
}

async function blockInRing(of: Parameters<typeof chainInRing>[0]): ReturnType<typeof chainInRing> {
  const { ring, blocks, lane, height } = of;
  const { records, isMajority } = await ring.getRecords(recordKey('block', blockName({ lane, height })));
  if (!isMajority) return 'unavailable';
  const signed = records.flatMap((record) => {
    const statement = readBlockStatement(record);
    const isOfBlock = statement?.height === height && equalBytes(statement.lane, lane);
    return isOfBlock ? [statement.headerHash] : [];
  });
  if (signed.length === 0) return 'own';
  // After the ring was asked: another receiver of this database may have sealed and put the block just now.
  const [own] = await blocks.page({ start: height, limit: 1 });
  return own && signed.some((hash) => equalBytes(hash, own.hash)) ? 'own' : 'another';
}

// Whether the ring has another chain of this very ledger. That happens when a receiver starts with the ledger's key on an empty database, or on
// an old copy of one: what it seals then contradicts what it signed before, and must not stand beside it in the ring.

import { equalBytes, type Hash } from '@telltale/ledger';
import type { Ring } from '../node/ring.ts';
import { blockName, readBlockStatement } from '../replication/block-statement.ts';
import { recordKey } from '../replication/signed-record.ts';

/**
 * `another`: the lane's key has signed another block of this height, and this block was never put. `unavailable`: too few replicas could be asked.
 * Where the ring has both, the chain goes on: somebody has decided that already, and both are kept as evidence.
 */
export async function chainInRing(
  ring: Pick<Ring, 'getRecords'>,
  block: { readonly lane: Uint8Array; readonly height: number; readonly headerHash: Hash },
): Promise<'own' | 'another' | 'unavailable'> {
  const { records, isMajority } = await ring.getRecords(recordKey('block', blockName(block)));
  if (!isMajority) return 'unavailable';
  const signed = records.flatMap((record) => {
    const statement = readBlockStatement(record);
    const isOfBlock = statement?.height === block.height && equalBytes(statement.lane, block.lane);
    return isOfBlock ? [statement.headerHash] : [];
  });
  if (signed.length === 0) return 'own';
  return signed.some((hash) => equalBytes(hash, block.headerHash)) ? 'own' : 'another';
}

// That each reading is sealed once, for whoever reads a whole log. The chain alone does not show it: a reading sealed a second time has a
// right signature and a right place. Source: format.md "Kind 1, reading".

import type { VerifiedLeaf } from './chain.ts';
import type { LeafFault } from './chain-fault.ts';
import { HashSet } from './hash-set.ts';
import { LEAF_KIND } from './leaf.ts';

/** The readings that a log has sealed so far. Memory: 32 to 64 bytes a reading, as the table is a quarter to half full. */
export class SealedOnce {
  private readonly sealed = new HashSet();

  /**
   * Takes the next leaf of a log, in its order and from its first on: the fault `transaction-twice` for a reading that an earlier leaf holds.
   * Leaves of the registry are never deduplicated. Fits `judgeLeaf` of ChainVerifier.
   */
  judge({ leaf, transactionId }: VerifiedLeaf): LeafFault | undefined {
    if (leaf.kind !== LEAF_KIND.reading || this.sealed.add(transactionId)) return undefined;
    return { code: 'transaction-twice', message: 'the reading is sealed a second time' };
  }
}

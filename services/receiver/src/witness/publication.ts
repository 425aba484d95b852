// Which checkpoint this ledger stands by, once its witnesses were heard: the newest, or under WITNESS_POLICY the newest that enough of them
// cosigned. Only a choice: cosigner.ts gets the cosignatures.

import { ReceiverError } from '../errors.ts';
import type { PublishedCheckpoint } from '../proofs/published-checkpoint.ts';
import type { Cosigner } from './cosigner.ts';

export interface Publication {
  /** What proofs, tiles and pages speak of. Under a policy that was never met yet: the genesis block, an empty log. */
  latest(): PublishedCheckpoint;
  /** What is handed out as a checkpoint. Throws ReceiverError `not-cosigned` while the policy was never met. */
  checkpoint(): PublishedCheckpoint;
}

/** Publishes at once, with the cosignatures that came so far. `cosigner` undefined: no witness is asked. */
export function publishAtOnce(newest: () => PublishedCheckpoint, cosigner: Cosigner | undefined): Publication {
  const latest = () => {
    const { head, note } = newest();
    return { head, note: cosigner?.cosign(note) ?? note };
  };
  return { latest, checkpoint: latest };
}

/** Publishes only what enough witnesses cosigned. `genesis`: the checkpoint of the genesis block. */
export function publishCosigned(genesis: PublishedCheckpoint, cosigner: Cosigner): Publication {
  return {
    latest: () => cosigner.latest() ?? genesis,
    checkpoint: () => {
      const cosigned = cosigner.latest();
      if (!cosigned)
        throw new ReceiverError('not-cosigned', 'no checkpoint has enough cosignatures yet; ask again later');
      return cosigned;
    },
  };
}

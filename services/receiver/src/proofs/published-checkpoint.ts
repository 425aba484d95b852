// The newest checkpoint that this receiver stands by: what /checkpoint, proofs, tiles and exports speak of. Signed once a head, at the first
// time that somebody asks. Heads are committed before they get here, so no checkpoint is signed that a crash could take back; Ed25519 is
// deterministic, so a restart, or another receiver on the same database, signs the same bytes.

import { type PublicKey, type Signer, signCheckpoint } from '@telltale/ledger';
import type { Head } from '../store/block-store.ts';

export interface PublishedCheckpoint {
  /** The newest block that it covers: the log's size and root are that block's. */
  readonly head: Head;
  /** C2SP signed note. */
  readonly note: string;
}

export class Checkpoints {
  private readonly ledger: { readonly origin: string; readonly key: PublicKey; readonly sign: Signer };
  private readonly head: () => Head;
  private published: PublishedCheckpoint | undefined;

  /** `head`: the newest block whose transaction is committed. */
  constructor(ledger: { readonly origin: string; readonly key: PublicKey; readonly sign: Signer }, head: () => Head) {
    this.ledger = ledger;
    this.head = head;
  }

  latest(): PublishedCheckpoint {
    const head = this.head();
    if (this.published?.head === head) return this.published;
    const { origin, key, sign } = this.ledger;
    const { logSize: size, logRoot: root } = head.header;
    this.published = { head, note: signCheckpoint({ origin, size, root }, { spki: key.spki, sign }) };
    return this.published;
  }
}

// Who this receiver is as a witness: a key of its own (never the ledger's), and the database that remembers what the key cosigned.

import { createSigner, equalBytes, formatCosignerKey, type PublicKey, type Signer } from '@telltale/ledger';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { ReceiverError } from '../errors.ts';
import { ed25519KeyOf, readOrCreateKeyFile } from '../key-file.ts';
import { foundWitnessIdentity } from '../store/witness-store.ts';

export interface WitnessIdentity {
  readonly name: string;
  readonly key: PublicKey;
  readonly sign: Signer;
  /** C2SP verifier key of signature type 0x04: what an operator of a log configures. */
  readonly verifierKey: string;
}

/**
 * The witness of a migrated database, founded at first use. Its name is `<origin of the ledger>/witness`.
 * Throws ReceiverError `witness-key`: no usable key file, the ledger's own key, or not the key whose memory this database is.
 */
export async function openWitness(
  pool: Pool,
  options: { keyFile: string; ledger: { origin: string; key: PublicKey }; log: Pick<Logger, 'info'> },
): Promise<WitnessIdentity> {
  const { keyFile, ledger } = options;
  const privateKey = await readOrCreateKeyFile(keyFile).catch((cause: unknown) => {
    throw new ReceiverError('witness-key', `the witness's key file ${keyFile} cannot be made or read`, { cause });
  });
  const key = ed25519KeyOf(privateKey);
  if (!key) throw new ReceiverError('witness-key', 'the witness key is not an Ed25519 key');
  // A cosignature does not name its cosigner (C2SP tlog-cosignature), and a ledger that vouches for itself is no witness.
  if (equalBytes(key.spki, ledger.key.spki)) {
    throw new ReceiverError('witness-key', "the witness needs a key of its own: WITNESS_KEY_FILE holds the ledger's");
  }
  const name = `${ledger.origin}/witness`;
  const identity = await foundWitnessIdentity(pool, { name, publicKey: key.spki });
  if (identity.name !== name || !equalBytes(identity.publicKey, key.spki)) {
    const message = `the key in ${keyFile} is not that of the witness in this database: set WITNESS_KEY_FILE to its own key`;
    throw new ReceiverError('witness-key', message);
  }
  const verifierKey = formatCosignerKey(name, key.spki);
  // With an old key and a new database, what the key cosigned before is forgotten: the operator must know that this was the beginning.
  if (identity.isNew) options.log.info({ verifierKey }, 'witness begins without memory of any log');
  return { name, key, sign: createSigner(privateKey), verifierKey };
}

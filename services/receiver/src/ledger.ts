// The ledger that this receiver serves: its key from LEDGER_KEY_FILE and its identity from the database, which must agree.
// The first receiver on an empty database makes both, and the genesis block.

import type { KeyObject } from 'node:crypto';
import { inTransaction } from '@telltale/database';
import {
  createSigner,
  encodeHeader,
  equalBytes,
  genesisHeader,
  headerHash,
  laneOf,
  type PublicKey,
  type Signer,
  signBlock,
  toHex,
} from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';
import { ReceiverError } from './errors.ts';
import { ed25519KeyOf, readKeyFile, readOrCreateKeyFile } from './key-file.ts';
import { appendBlocks, loadHead } from './store/block-store.ts';
import { insertIdentity, loadIdentity, lockGenesis, readCounter } from './store/identity-store.ts';
import { ensurePartitions } from './store/leaf-store.ts';

export interface Ledger {
  readonly origin: string;
  readonly key: PublicKey;
  readonly lane: Uint8Array;
  readonly sign: Signer;
}

/**
 * Opens the ledger of a migrated database, or founds one on an empty database.
 * Throws ReceiverError `ledger-key` (no usable key file), `ledger-mismatch` (key or origin of another ledger), `difficulty-fell`.
 */
export async function openLedger(
  pool: Pool,
  options: { keyFile: string; origin: string | undefined; difficultyBits: number; nowUs: () => number },
): Promise<Ledger> {
  const isFounded = await inTransaction(pool, { isolation: 'read committed', isReadOnly: true }, loadIdentity);
  const privateKey = isFounded ? await readKey(options.keyFile) : await readOrCreateKey(options.keyFile);
  const key = publicKeyOf(privateKey);
  const lane = laneOf(key.keyId);
  const sign = createSigner(privateKey);
  const origin = await inTransaction(pool, { isolation: 'read committed' }, async (client) => {
    await lockGenesis(client);
    const identity = await loadIdentity(client);
    const wanted = {
      origin: options.origin ?? identity?.origin ?? `telltale.local/${toHex(lane)}`,
      publicKey: key.spki,
    };
    if (!identity) await found(client, { ...wanted, lane, sign, timestampUs: options.nowUs() });
    else if (identity.origin !== wanted.origin) {
      const message = `the database is the ledger ${identity.origin}, not ${wanted.origin}: unset LEDGER_ORIGIN or use its own database`;
      throw new ReceiverError('ledger-mismatch', message);
    } else if (!equalBytes(identity.publicKey, key.spki)) {
      const message = `the key in ${options.keyFile} is not that of the ledger in this database: set LEDGER_KEY_FILE to its own key`;
      throw new ReceiverError('ledger-mismatch', message);
    }
    const { header } = await loadHead(client);
    if (header.difficultyBits > options.difficultyBits) {
      const least = Math.ceil(header.difficultyBits / 4);
      throw new ReceiverError(
        'difficulty-fell',
        `the chain has reached DIFFICULTY ${least}: it can stay or rise, never fall`,
      );
    }
    await ensurePartitions(client, (await readCounter(client)).nextLeafIndex);
    return wanted.origin;
  });
  return { origin, key, lane, sign };
}

/** Identity, counter, first partitions and genesis block in one transaction: a crash leaves an empty database or a whole ledger. */
async function found(
  client: PoolClient,
  ledger: { origin: string; publicKey: Uint8Array; lane: Uint8Array; sign: Signer; timestampUs: number },
): Promise<void> {
  await insertIdentity(client, ledger);
  const header = encodeHeader(genesisHeader(ledger));
  const hash = headerHash(header);
  const signature = signBlock({ origin: ledger.origin, hash, sign: ledger.sign });
  const blocks = [{ blockIndex: 0, hash, logSize: 0, header, signature }];
  await appendBlocks(client, { parent: undefined, blocks });
}

async function readKey(file: string): Promise<KeyObject> {
  try {
    return await readKeyFile(file);
  } catch (cause) {
    const message = `the ledger in this database was founded with a key that is not in ${file}: set LEDGER_KEY_FILE to it`;
    throw new ReceiverError('ledger-key', message, { cause });
  }
}

async function readOrCreateKey(file: string): Promise<KeyObject> {
  try {
    return await readOrCreateKeyFile(file);
  } catch (cause) {
    throw new ReceiverError('ledger-key', `the ledger's key file ${file} cannot be made or read`, { cause });
  }
}

function publicKeyOf(privateKey: KeyObject): PublicKey {
  const key = ed25519KeyOf(privateKey);
  if (!key) throw new ReceiverError('ledger-key', 'the ledger key is not an Ed25519 key');
  return key;
}

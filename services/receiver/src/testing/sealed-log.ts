// A receiver whose log of some hundred leaves of every kind is sealed and published, and the tree that a stranger makes of its leaves.

import {
  type Checkpoint,
  leafHash,
  MerkleTree,
  type NoteVerifier,
  openCheckpoint,
  type PublicKey,
  parseVerifierKey,
} from '@telltale/ledger';
import { z } from 'zod';
import { ADMIN_TOKEN, asAdmin, post, rotationOf } from './key-requests.ts';
import { mustAccept, type TestReceipt } from './post-readings.ts';
import { openStoredLedger, type StoredLedger } from './stored-ledger.ts';
import { makeDevice } from './test-device.ts';
import { startTestReceiver, type TestReceiver } from './test-receiver.ts';
import { until } from './until.ts';

export interface SealedLog {
  readonly receiver: TestReceiver;
  readonly stored: StoredLedger;
  /** Of the readings, in the order of the log. */
  readonly receipts: readonly TestReceipt[];
  /** The log's leaves. */
  readonly leaves: readonly Uint8Array[];
  readonly tree: MerkleTree;
  /** The ledger's key, from its key file. */
  readonly key: PublicKey;
  readonly verifier: NoteVerifier;
  stop(): Promise<void>;
}

/** Readings of one request, and not a divisor of a tile. */
const BATCH = 50;

const ledgerAnswer = z.object({ verifier_key: z.string(), head: z.object({ log_size: z.number() }) });

/** Blocks of 7 leaves or fewer: their ends fall everywhere in the tiles. */
export async function startSealedLog(readings: number): Promise<SealedLog> {
  const receiver = await startTestReceiver({
    variables: { TRANSACTIONS_PER_BLOCK: '7', BLOCK_MAX_WAIT_MS: '50', ADMIN_TOKEN },
  });
  const stored = await openStoredLedger(receiver);
  const at = { url: receiver.url, origin: stored.identity.origin };
  const devices = [makeDevice('ed25519'), makeDevice('ecdsa-p256'), makeDevice('rsa-pss')];
  const [old = makeDevice()] = devices;
  const receipts: TestReceipt[] = [];
  for (let sent = 0; sent < readings; sent += BATCH) {
    const envelopes = Array.from({ length: Math.min(BATCH, readings - sent) }, (_, i) => {
      const n = sent + i;
      // Every third one names no device, so that it speaks for the key's own.
      const name = n % 3 === 0 ? '' : `"device":"pump ${n % 3} é",`;
      return (devices[n % devices.length] ?? old).envelope(`{${name}"seq": ${n}, "timestamp":${1_700_000_000 + n}.5}`);
    });
    receipts.push(...(await mustAccept(at.url, `[${envelopes.join(',')}]`)));
    if (sent === BATCH) {
      const next = makeDevice();
      await post(
        `${at.url}/v1/keys/${old.keyIdHex}/rotate`,
        await rotationOf(at, { old, next, devices: ['pump 1 é'] }),
      );
      devices[0] = next;
      const lost = makeDevice();
      await mustAccept(at.url, lost.envelope('{"device":"lost"}'));
      await post(`${at.url}/v1/keys/${lost.keyIdHex}/revoke`, { reason: 'lost' }, asAdmin);
    }
  }
  const { leaves } = await readAll(stored);
  await stored.untilSealed({ leaves: leaves.length, pending: 0 });
  let answer = await ledgerOf(at.url);
  await until('the whole log is published', async () => {
    answer = await ledgerOf(at.url);
    return answer.head.log_size === leaves.length;
  });
  const verifier = parseVerifierKey(answer.verifier_key);
  if (!verifier.ok) throw new Error(verifier.message);
  return {
    receiver,
    stored,
    receipts,
    leaves,
    tree: new MerkleTree(leaves.map(leafHash)),
    key: stored.identity.key,
    verifier: verifier.value,
    async stop() {
      await stored.close();
      await receiver.stop();
    },
  };
}

/** What GET /checkpoint serves, opened with the ledger's key. */
export async function checkpointOf(log: SealedLog): Promise<{ note: string; checkpoint: Checkpoint }> {
  const note = await (await fetch(`${log.receiver.url}/checkpoint`)).text();
  const checkpoint = await openCheckpoint(note, log.verifier);
  if (!checkpoint.ok) throw new Error(checkpoint.message);
  return { note, checkpoint: checkpoint.value };
}

async function readAll({ pool }: StoredLedger): Promise<{ leaves: Uint8Array[] }> {
  const { rows } = await pool.query<{ leaf: Buffer }>('SELECT leaf FROM leaves ORDER BY leaf_index');
  return { leaves: rows.map((row) => row.leaf) };
}

async function ledgerOf(url: string): Promise<z.infer<typeof ledgerAnswer>> {
  return ledgerAnswer.parse(await (await fetch(`${url}/v1/ledger`)).json());
}

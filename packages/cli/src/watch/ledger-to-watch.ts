// Which ledger a monitor follows: the one that the user names, else the one of the state file, else the one that the receiver says it is.

import { equalBytes, type NoteVerifier, noteVerifierOf, openCheckpoint } from '@telltale/ledger';
import { CliError } from '../cli-error.ts';
import type { ReceiverClient } from '../receiver-client.ts';
import type { Trust } from '../trust.ts';
import { Monitor } from './monitor.ts';
import type { Seen } from './watch-state.ts';

/** Whose word the key is: the user's, that of an earlier run, or for the first time the receiver's own. */
export type KeySource = 'told' | 'state' | 'receiver';

/** A monitor that goes on from `saved`. Throws CliError `state` or `trust` when these are of different ledgers. */
export async function openMonitor(at: {
  client: ReceiverClient;
  trust: Trust;
  saved: Seen | undefined;
  stateFile: string;
}): Promise<{ monitor: Monitor; keySource: KeySource }> {
  const { client, trust, saved, stateFile } = at;
  const seen = saved ?? (await firstSeen(client, trust));
  if (trust.kind === 'told') requireSame({ trust, seen, stateFile });
  const verifier = verifierOf(seen);
  const { checkpointNote: note } = seen;
  const opened = note === undefined ? undefined : await openCheckpoint(note, verifier);
  if (opened && !opened.ok) {
    throw new CliError('state', `the checkpoint in ${stateFile} cannot be used: ${opened.message}`);
  }
  const newest = note !== undefined && opened ? { note, checkpoint: opened.value } : undefined;
  const keySource = trust.kind === 'told' ? 'told' : saved ? 'state' : 'receiver';
  return { monitor: new Monitor({ client, verifier, seen, newest }), keySource };
}

async function firstSeen(client: ReceiverClient, trust: Trust): Promise<Seen> {
  if (trust.kind === 'told' && trust.origin !== undefined) return { origin: trust.origin, key: trust.key };
  const { origin, public_key: key } = await client.ledger();
  return { origin, key: trust.kind === 'told' ? trust.key : key };
}

function requireSame(at: { trust: Trust & { kind: 'told' }; seen: Seen; stateFile: string }): void {
  const { trust, seen, stateFile } = at;
  const isSame = equalBytes(trust.key.spki, seen.key.spki) && (trust.origin ?? seen.origin) === seen.origin;
  if (isSame) return;
  throw new CliError(
    'state',
    `${stateFile} is of another ledger than ${trust.by} names: name another file with --state`,
  );
}

function verifierOf({ origin, key }: Seen): NoteVerifier {
  const verifier = noteVerifierOf({ name: origin, key });
  if (!verifier.ok) throw new CliError('trust', verifier.message);
  return verifier.value;
}

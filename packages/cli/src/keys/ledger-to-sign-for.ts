// Which ledger a registry text is signed for. Its origin stands in the text, so that a signature for one ledger is worth nothing at another.

import { equalBytes } from '@telltale/ledger';
import { CliError } from '../cli-error.ts';
import type { LedgerAnswer, ReceiverClient } from '../receiver-client.ts';
import type { Trust } from '../trust.ts';

/** What the receiver says it is; CliError `trust` when the user named another ledger. */
export async function ledgerToSignFor(client: ReceiverClient, trust: Trust): Promise<LedgerAnswer> {
  const ledger = await client.ledger();
  if (trust.kind === 'nobody') return ledger;
  const isNamed = trust.origin === undefined || trust.origin === ledger.origin;
  if (isNamed && equalBytes(trust.key.spki, ledger.public_key.spki)) return ledger;
  throw new CliError('trust', `${client.baseUrl} is not the ledger that ${trust.by} names: nothing was signed`);
}

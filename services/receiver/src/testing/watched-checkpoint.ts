// GET /checkpoint as a stranger reads it: the log's size, and who cosigned it.

import { openCheckpoint, openCosignature, parseCosignerKey, parseVerifierKey } from '@telltale/ledger';
import { z } from 'zod';

export interface WatchedCheckpoint {
  readonly status: number;
  /** Undefined where no checkpoint is served. */
  readonly size: number | undefined;
  /** Of the verifier keys asked for, those whose cosignature is there and right. */
  readonly cosigners: readonly string[];
}

const ledgerAnswer = z.object({ verifier_key: z.string() });

/** The ledger's verifier key, as GET /v1/ledger says it. */
export async function verifierKeyOf(url: string): Promise<string> {
  return ledgerAnswer.parse(await (await fetch(`${url}/v1/ledger`)).json()).verifier_key;
}

/** Throws when what is served as a checkpoint is not signed by the ledger, or a cosignature is wrong. */
export async function checkpointAt(url: string, cosigners: readonly string[]): Promise<WatchedCheckpoint> {
  const response = await fetch(`${url}/checkpoint`);
  const note = await response.text();
  if (response.status !== 200) return { status: response.status, size: undefined, cosigners: [] };
  const ledger = parseVerifierKey(await verifierKeyOf(url));
  if (!ledger.ok) throw new Error(ledger.message);
  const checkpoint = await openCheckpoint(note, ledger.value);
  if (!checkpoint.ok) throw new Error(checkpoint.message);
  const found: string[] = [];
  for (const key of cosigners) {
    const verifier = parseCosignerKey(key);
    if (!verifier.ok) throw new Error(verifier.message);
    const cosignature = await openCosignature(note, verifier.value);
    if (cosignature.ok) found.push(key);
    else if (cosignature.code !== 'cosignature-missing') throw new Error(cosignature.message);
  }
  return { status: 200, size: checkpoint.value.size, cosigners: found };
}

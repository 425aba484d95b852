// What a user kept against a log: what the ledger once signed must be what its export says now. Each file is believed only with the
// ledger's own signature; what each kind shows is kept-receipts.ts, kept-checkpoints.ts and kept-blocks.ts.

import {
  checkProof,
  createVerifier,
  type ExportVerdict,
  type NoteVerifier,
  noteVerifierOf,
  openCheckpoint,
  type PublicKey,
  type Verifier,
  verifyReceipt,
} from '@telltale/ledger';
import { judgeKeptBlocks } from './kept-blocks.ts';
import { checkpointsAtOdds, judgeCheckpoint, type SignedCheckpoint } from './kept-checkpoints.ts';
import type { KeptFiles } from './kept-files.ts';
import { type KeptFinding, unsigned } from './kept-finding.ts';
import { judgeProof, judgeReceipt, receiptsAtOdds, type SignedProof, type SignedReceipt } from './kept-receipts.ts';
import type { LogExcerpt } from './log-excerpt.ts';

export interface KeptJudgement {
  /** How many of each were kept; checkpoints are those that stood alone. */
  readonly receipts: number;
  readonly checkpoints: number;
  readonly proofs: number;
  readonly exports: number;
  /** Whether the export was sound, so that its log could be compared with them. */
  readonly isCompared: boolean;
  readonly findings: readonly KeptFinding[];
}

/** `excerpt`: of the very log that the verdict is about. */
export async function judgeKept(at: {
  kept: KeptFiles;
  excerpt: LogExcerpt;
  verdict: ExportVerdict;
}): Promise<KeptJudgement> {
  const { kept, excerpt, verdict } = at;
  const { origin, key, isSound } = verdict;
  const findings: KeptFinding[] = [];
  if (origin !== undefined && key) {
    const ledger = { origin, ...verifiersOf({ origin, key }) };
    const worthless: KeptFinding[] = [];
    const receipts = await siftReceipts(kept, ledger, worthless);
    const checkpoints = await siftCheckpoints(kept, ledger, worthless);
    const proofs = await siftProofs(kept, ledger, worthless);
    findings.push(...receiptsAtOdds(receipts), ...checkpointsAtOdds(checkpoints));
    if (isSound) {
      findings.push(...receipts.flatMap((one) => judgeReceipt(one, { excerpt, verdict })));
      findings.push(...proofs.flatMap((one) => judgeProof(one, excerpt)));
      findings.push(...checkpoints.flatMap((one) => judgeCheckpoint(one, { excerpt, verdict })));
      for (const one of kept.exports) {
        findings.push(...(await judgeKeptBlocks(one, { ...ledger, excerpt, verdict })));
      }
    }
    findings.push(...worthless);
  }
  return {
    receipts: kept.receipts.length,
    checkpoints: kept.checkpoints.filter(({ isAlone }) => isAlone).length,
    proofs: kept.proofs.length,
    exports: kept.exports.length,
    isCompared: isSound,
    findings,
  };
}

interface Ledger {
  readonly origin: string;
  readonly verify: Verifier;
  readonly noteVerifier: NoteVerifier;
}

function verifiersOf({ origin, key }: { origin: string; key: PublicKey }) {
  const verify = createVerifier(key);
  const noteVerifier = noteVerifierOf({ name: origin, key });
  // The export was read with this key: one that cannot be used was refused there.
  if (!verify.ok || !noteVerifier.ok) throw new Error('the key of a verified export cannot be used');
  return { verify: verify.value, noteVerifier: noteVerifier.value };
}

/** Each of these gives what the ledger signed, and adds to `worthless` what it did not. */
async function siftReceipts(kept: KeptFiles, { origin, verify }: Ledger, worthless: KeptFinding[]) {
  const receipts: SignedReceipt[] = [];
  for (const { name, receipt } of kept.receipts) {
    const checked = await verifyReceipt({ origin, verify, receipt });
    if (checked.ok) receipts.push({ name, entry: checked.value, sealByUs: receipt.seal_by });
    else worthless.push(unsigned({ name, code: checked.code, why: checked.message }));
  }
  return receipts;
}

async function siftCheckpoints(kept: KeptFiles, { noteVerifier }: Ledger, worthless: KeptFinding[]) {
  const checkpoints: SignedCheckpoint[] = [];
  for (const { name, note } of kept.checkpoints) {
    const opened = await openCheckpoint(note, noteVerifier);
    if (opened.ok) checkpoints.push({ name, checkpoint: opened.value });
    else worthless.push(unsigned({ name, code: opened.code, why: opened.message }));
  }
  return checkpoints;
}

async function siftProofs(kept: KeptFiles, { noteVerifier: verifier }: Ledger, worthless: KeptFinding[]) {
  const proofs: SignedProof[] = [];
  for (const { name, proof } of kept.proofs) {
    const checked = await checkProof({ proof, verifier });
    if (!checked.ok) {
      worthless.push(unsigned({ name, code: checked.code, why: checked.message }));
      continue;
    }
    const { leafIndex, leafHash, transactionId } = checked.value;
    proofs.push({ name, leafIndex, leafHash, transactionId });
  }
  return proofs;
}

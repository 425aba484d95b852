// Kept checkpoints against a log: it must begin with each of them. Source: format.md "Checkpoint".

import { type Checkpoint, type ExportVerdict, equalBytes, toBase64 } from '@telltale/ledger';
import { contradiction, type KeptFinding } from './kept-finding.ts';
import type { LogExcerpt } from './log-excerpt.ts';

/** The ledger's signature over it was checked. */
export interface SignedCheckpoint {
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

/** Two checkpoints of one size, whatever the log says. */
export function checkpointsAtOdds(checkpoints: readonly SignedCheckpoint[]): KeptFinding[] {
  const first = new Map<number, SignedCheckpoint>();
  const findings: KeptFinding[] = [];
  for (const one of checkpoints) {
    const { size, root } = one.checkpoint;
    const other = first.get(size);
    if (!other) first.set(size, one);
    if (!other || equalBytes(other.checkpoint.root, root)) continue;
    const message = `the ledger signed two checkpoints of ${size} transactions with different roots (${toBase64(other.checkpoint.root)} and ${toBase64(root)}): it shows different histories to different people`;
    findings.push(contradiction('checkpoints-at-odds', `${other.name} and ${one.name}`, message));
  }
  return findings;
}

export function judgeCheckpoint(
  { name, checkpoint }: SignedCheckpoint,
  { excerpt, verdict }: { excerpt: LogExcerpt; verdict: ExportVerdict },
): KeptFinding[] {
  const { size, root } = checkpoint;
  const ours = excerpt.rootAt(size);
  if (!ours) {
    const message = `the ledger signed a log of ${size} transactions, and this export ends after ${verdict.summary.leaves}: unless the export was made before the checkpoint, history was rewritten or its end removed`;
    return [contradiction('checkpoint-beyond', name, message)];
  }
  if (equalBytes(ours, root)) return [];
  const message = `history was rewritten: the first ${size} transactions of this export have root ${toBase64(ours)}, and the ledger signed ${toBase64(root)} for them`;
  return [contradiction('checkpoint-other-history', name, message)];
}

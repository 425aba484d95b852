// What kept files showed, in words and as JSON, and the exit code that follows from it.

import { EXIT, type ExitCode } from '../cli-error.ts';
import type { KeptFinding } from './kept-finding.ts';
import type { KeptJudgement } from './kept-judgement.ts';

/** Headlines of each kind, in the order in which they are told: the worst first. */
const HEADINGS: readonly (readonly [KeptFinding['kind'], string])[] = [
  ['contradiction', 'What the ledger signed, and does not keep:'],
  ['worthless', 'Proves nothing:'],
  ['open', 'Not decided by this export:'],
];

/** 0 where nothing speaks against the ledger, 1 where its own signatures do, 2 where a kept file cannot be held against anybody. */
export function exitOfKept(kept: KeptJudgement | undefined): ExitCode {
  const kinds = new Set(kept?.findings.map(({ kind }) => kind));
  if (kinds.has('contradiction')) return EXIT.notSound;
  return kinds.has('worthless') ? EXIT.couldNotCheck : EXIT.sound;
}

export function keptLines(kept: KeptJudgement): string[] {
  const { findings, isCompared } = kept;
  const lines = HEADINGS.flatMap(([kind, heading]) => {
    const told = findings.filter((finding) => finding.kind === kind);
    if (told.length === 0) return [];
    return [heading, ...told.map(({ name, message, code }) => `  ${name}: ${message} (${code}).`)];
  });
  const what = `What you kept (${countsOf(kept).join(', ')})`;
  if (!isCompared) return [`${what} was not compared with the log, because the export is not sound.`, ...lines];
  if (lines.length > 0) return [`${what} was compared with the log.`, ...lines];
  return [`${what} was compared with the log: all of it is signed by the ledger, and the log is as it says.`];
}

export function keptJson({ isCompared, findings, ...counts }: KeptJudgement): object {
  return { ...counts, is_compared: isCompared, findings };
}

function countsOf({ receipts, checkpoints, proofs, exports }: KeptJudgement): string[] {
  const counts: [number, string][] = [
    [receipts, 'receipt'],
    [checkpoints, 'checkpoint'],
    [proofs, 'proof'],
    [exports, 'earlier export'],
  ];
  return counts.filter(([count]) => count > 0).map(([count, noun]) => plural(count, noun));
}

function plural(n: number, noun: string): string {
  return `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
}

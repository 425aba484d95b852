// What the real verifier says of the demonstration's ledgers: the same functions that `telltale verify` calls, and no others.

import { type ExportVerdict, type PublicKey, type Receipt, utf8, verifyExport } from '@telltale/ledger';
import { judgeKept } from '../verify/kept-judgement.ts';
import { LogExcerpt } from '../verify/log-excerpt.ts';

/** One line for a person. `lines`: an export. `kept`: a receipt that the device kept, to be held against it. */
export async function judge(at: { lines: readonly string[]; key: PublicKey; kept?: Receipt }): Promise<string> {
  const { lines, key, kept: receipt } = at;
  const receipts = receipt === undefined ? [] : [{ name: 'the receipt', receipt }];
  const kept = { receipts, checkpoints: [], proofs: [], exports: [] };
  const excerpt = new LogExcerpt(kept);
  const verdict = await verifyExport({
    lines: bytesOf(lines),
    trusted: { key },
    onBlock: async (block) => excerpt.take(block),
  });
  const { findings } = await judgeKept({ kept, excerpt, verdict });
  const [finding] = findings;
  return verdict.isSound && finding ? `NOT SOUND: ${shortened(finding.message)} (${finding.code}).` : wordsOf(verdict);
}

function wordsOf({ fault, summary }: ExportVerdict): string {
  if (!fault)
    return `SOUND: ${summary.blocks} blocks, ${summary.readings} readings, every signature and hash is right.`;
  const places = [
    ...(fault.blockIndex === undefined ? [] : [`block ${fault.blockIndex}`]),
    ...(fault.leafIndex === undefined ? [] : [`leaf ${fault.leafIndex}`]),
  ];
  return `NOT SOUND, in ${places.join(', ')}: ${fault.message} (${fault.code}).`;
}

/** Hashes are for programs; a person sees that two differ by their beginnings. */
function shortened(message: string): string {
  return message.replaceAll(/[0-9a-f]{64}/g, (hex) => `${hex.slice(0, 16)}…`);
}

async function* bytesOf(lines: readonly string[]): AsyncGenerator<Uint8Array> {
  // Without their line feeds, as the verifier takes them.
  for (const line of lines) yield utf8(line.trimEnd());
}

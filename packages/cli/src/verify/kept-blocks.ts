// The blocks of an earlier export against those of this one. Only they show that a ledger mined its blocks anew over the same transactions:
// checkpoints and receipts speak of transactions, and know nothing of blocks. Source: format.md "Block header".

import {
  type ExportVerdict,
  equalBytes,
  type Header,
  headerHash,
  toHex,
  type Verifier,
  verifyBlockSignature,
} from '@telltale/ledger';
import { utcTime } from '../utc-time.ts';
import type { KeptBlock, KeptExport } from './kept-export.ts';
import { contradiction, type KeptFinding, unsigned } from './kept-finding.ts';
import type { LogExcerpt } from './log-excerpt.ts';

/** The first block of a kept export that speaks against the ledger, if there is one: what follows it must differ too. */
export async function judgeKeptBlocks(
  kept: KeptExport,
  at: { origin: string; verify: Verifier; excerpt: LogExcerpt; verdict: ExportVerdict },
): Promise<KeptFinding[]> {
  const { excerpt, verdict } = at;
  const { name, newest } = kept;
  const others = excerpt.otherBlocks(kept);
  for (const { block, shown } of others) {
    if (await isSigned(block, at)) return [contradiction('block-other', name, messageOfOther(block.claim, shown))];
  }
  const { blocks } = verdict.summary;
  const beyond = newest && newest.claim.index >= blocks ? newest : undefined;
  if (beyond && (await isSigned(beyond, at))) return [judgeBeyond(name, beyond.claim, verdict)];
  const forged = others[0]?.block ?? beyond;
  if (!forged) return [];
  const why = `its block ${forged.claim.index} is not in this export, and the signature of that block is wrong`;
  return [unsigned({ name, code: 'block-signature', why })];
}

/** A signed block whose index this export does not come to. */
function judgeBeyond(name: string, kept: Header, { summary }: ExportVerdict): KeptFinding {
  const { head, blocks } = summary;
  if (head && head.logSize >= kept.logSize) {
    // No question of time: every block holds at least one transaction, so these cannot be the same blocks.
    const message = `the ledger closed ${kept.logSize} transactions with block ${kept.index}, and in this export ${head.logSize} with block ${head.index} already: its blocks were made anew after they had been shown`;
    return contradiction('blocks-redone', name, message);
  }
  const message = `the ledger signed block ${kept.index}, and this export ends with block ${blocks - 1}: unless the export was made before the kept one, its end was removed`;
  return contradiction('block-beyond', name, message);
}

function isSigned({ header, signature }: KeptBlock, { origin, verify }: { origin: string; verify: Verifier }) {
  return verifyBlockSignature({ origin, hash: headerHash(header), signature, verify });
}

function messageOfOther(kept: Header, shown: Header): string {
  const sameLog = kept.logSize === shown.logSize && equalBytes(kept.logRoot, shown.logRoot);
  const what = sameLog
    ? 'The transactions up to it are the same: the block itself was made anew after it had been shown'
    : 'The history that it closes was made anew after it had been shown';
  return `the ledger signed two different blocks ${kept.index}, the one that you kept and the one in this export. They differ in ${differences(kept, shown).join('; ')}. ${what}`;
}

/** Each field that differs, kept against shown; the nonce only where nothing else does, as it follows from the rest. */
function differences(kept: Header, shown: Header): string[] {
  const pairs: [string, string, string][] = [
    ['the time', utcTime(kept.timestampUs), utcTime(shown.timestampUs)],
    ['where the block ends', `after ${kept.logSize} transactions`, `after ${shown.logSize}`],
    ['the transactions up to its end', toHex(kept.logRoot), toHex(shown.logRoot)],
    ['the work demanded', `${kept.difficultyBits} zero bits`, `${shown.difficultyBits}`],
    ['the block before it', toHex(kept.previousHash), toHex(shown.previousHash)],
  ];
  const told = pairs.filter(([, before, now]) => before !== now);
  return told.length === 0
    ? ['the nonce, so that each was mined on its own']
    : told.map(([what, before, now]) => `${what} (kept: ${before}, now: ${now})`);
}

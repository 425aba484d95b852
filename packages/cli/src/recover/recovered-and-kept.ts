// A recovered export held against what its user kept of the ledger, as `telltale verify` does it, before anything is imported.

import { createReadStream } from 'node:fs';
import { type PublicKey, type SignatureChecker, splitLines, verifyExport } from '@telltale/ledger';
import type { KeptFiles } from '../verify/kept-files.ts';
import { judgeKept, type KeptJudgement } from '../verify/kept-judgement.ts';
import { LogExcerpt } from '../verify/log-excerpt.ts';

/** `path`: the recovered export. What it says of what was kept; whether it is sound in itself the import says. */
export async function judgeRecovered(at: {
  kept: KeptFiles;
  path: string;
  ledger: { readonly origin: string; readonly key: PublicKey };
  checker: SignatureChecker;
}): Promise<KeptJudgement> {
  const { kept, path, checker } = at;
  const { origin, key } = at.ledger;
  const excerpt = new LogExcerpt(kept);
  const verdict = await verifyExport({
    lines: splitLines(createReadStream(path)),
    trusted: { origin, key },
    checker,
    onBlock: async (block) => excerpt.take(block),
  });
  return judgeKept({ kept, excerpt, verdict });
}

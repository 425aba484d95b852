// `telltale verify`: reads an export to its end or its first fault and says what it is worth, by itself and against
// what the user kept of the ledger.

import {
  type ExportVerdict,
  SIGNATURES_PER_BATCH,
  type SignatureChecker,
  splitLines,
  verifyExport,
} from '@telltale/ledger';
import { withSignatureThreads } from '@telltale/signature-threads';
import { CliError, EXIT } from '../cli-error.ts';
import { type Command, type Context, JSON_OPTION, writeResult } from '../command.ts';
import { type ExportSource, openExportSource } from '../export-source.ts';
import { readTrust, TRUST_OPTIONS, type Trust } from '../trust.ts';
import { judgeKept } from './kept-judgement.ts';
import { KEPT_OPTIONS, keptFiles } from './kept-options.ts';
import { exitOfKept } from './kept-text.ts';
import { LogExcerpt } from './log-excerpt.ts';
import { Progress } from './progress.ts';
import { type LeafWords, RecentLeaves } from './recent-leaves.ts';
import { verdictJson } from './verdict-json.ts';
import { verdictText } from './verdict-text.ts';

export const verifyCommand: Command = {
  usage: '<url|file|-> [--key <key> | --origin <origin>] [--receipt|--checkpoint|--proof|--export <file>]…',
  details: `Reads a receiver’s export (its URL), a saved one, or standard input (-). Without --key or --origin it only shows that the export
fits the key that it brought itself. A history that its own receiver wrote anew fits itself too: only what you kept from before shows that,
a receipt, checkpoint, proof or earlier export. That blocks were made anew over the same readings, with other times, boundaries or less
work, only an earlier export shows, or telltale watch. Keep both files when it does.`,
  options: {
    ...TRUST_OPTIONS,
    ...KEPT_OPTIONS,
    ...JSON_OPTION,
  },
  positionals: { min: 1, max: 1 },
  async run(given, context) {
    const trust = await readTrust(given, context);
    const files = await keptFiles(given);
    const excerpt = files && new LogExcerpt(files);
    const source = await openExportSource(given.required(0), context);
    const { verdict, leaf } = await withSignatureThreads((checker) =>
      verify({ source, trust, context, excerpt, checker }),
    );
    const kept = files && excerpt ? await judgeKept({ kept: files, excerpt, verdict }) : undefined;
    writeResult(context, given, {
      text: verdictText({ verdict, trust, leaf, kept }),
      json: verdictJson({ verdict, trust, leaf, kept }),
    });
    return verdict.isSound ? exitOfKept(kept) : EXIT.notSound;
  },
};

async function verify(run: {
  source: ExportSource;
  trust: Trust;
  context: Context;
  excerpt: LogExcerpt | undefined;
  checker: SignatureChecker;
}): Promise<{ verdict: ExportVerdict; leaf: LeafWords | undefined }> {
  const { source, trust, context, excerpt, checker } = run;
  const progress = context.stderr.isTerminal
    ? new Progress({ output: context.stderr, total: source.total, nowMs: () => performance.now() })
    : undefined;
  let sizeBytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.chunks) {
      context.signal.throwIfAborted();
      sizeBytes += chunk.length;
      progress?.tookBytes(chunk.length);
      yield chunk;
    }
  };
  const recent = new RecentLeaves(splitLines(counted()), {
    // Beside the batches under way one is gathered, and one may be too many.
    underWay: SIGNATURES_PER_BATCH * (checker.maxBatches + 2),
  });
  try {
    const verdict = await verifyExport({
      lines: recent.lines(),
      checker,
      trusted:
        trust.kind === 'told' ? { key: trust.key, ...(trust.origin !== undefined && { origin: trust.origin }) } : {},
      onBlock: async (block) => {
        const { leaves } = block;
        recent.tookBlock(leaves.length);
        excerpt?.take(block);
        progress?.tookLeaves(leaves.length);
      },
    });
    if (sizeBytes === 0) throw new CliError('file', 'there is nothing to check: not one byte came');
    return { verdict, leaf: recent.describe(verdict.fault) };
  } catch (error) {
    if (error instanceof RangeError) throw new CliError('file', `this cannot be an export: ${error.message}`);
    if (context.signal.aborted) throw new CliError('usage', 'ended before everything was checked');
    throw error;
  } finally {
    progress?.end();
  }
}

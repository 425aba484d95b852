// `telltale verify`: reads an export to its end or its first fault and says what it is worth.

import { type ExportVerdict, splitLines, verifyExport } from '@telltale/ledger';
import { CliError, EXIT } from '../cli-error.ts';
import { type Command, type Context, JSON_OPTION, writeResult } from '../command.ts';
import { type ExportSource, openExportSource } from '../export-source.ts';
import { readTrust, TRUST_OPTIONS, type Trust } from '../trust.ts';
import { Progress } from './progress.ts';
import { type LeafWords, RecentLeaves } from './recent-leaves.ts';
import { verdictJson } from './verdict-json.ts';
import { verdictText } from './verdict-text.ts';

export const verifyCommand: Command = {
  usage: '<url|file|-> [--key <key> | --origin <origin>]',
  details: `Reads a receiver’s export (its URL), a saved one, or standard input (-). Without --key or --origin it only shows that the export
fits the key that it brought itself.`,
  options: { ...TRUST_OPTIONS, ...JSON_OPTION },
  positionals: { min: 1, max: 1 },
  async run(given, context) {
    const trust = await readTrust(given, context);
    const source = await openExportSource(given.required(0), context);
    const { verdict, leaf } = await verify({ source, trust, context });
    writeResult(context, given, {
      text: verdictText({ verdict, trust, leaf }),
      json: verdictJson({ verdict, trust, leaf }),
    });
    return verdict.isSound ? EXIT.sound : EXIT.notSound;
  },
};

async function verify(run: {
  source: ExportSource;
  trust: Trust;
  context: Context;
}): Promise<{ verdict: ExportVerdict; leaf: LeafWords | undefined }> {
  const { source, trust, context } = run;
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
  const recent = new RecentLeaves(splitLines(counted()));
  try {
    const verdict = await verifyExport({
      lines: recent.lines(),
      trusted:
        trust.kind === 'told' ? { key: trust.key, ...(trust.origin !== undefined && { origin: trust.origin }) } : {},
      onBlock: async ({ leaves }) => {
        recent.take(leaves);
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

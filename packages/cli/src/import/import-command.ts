// `telltale import`: an export becomes a ledger again, in the database of a receiver that has not started yet. Everything is verified anew.

import { CliError, EXIT } from '../cli-error.ts';
import { type Command, type Context, JSON_OPTION, writeResult } from '../command.ts';
import { type ExportSource, openExportSource } from '../export-source.ts';
import { Progress } from '../verify/progress.ts';
import { startImportProcess } from './import-process.ts';
import type { ImportReport } from './import-report.ts';
import { importJson, importText } from './import-text.ts';

export const importCommand: Command = {
  usage: '<file|url|-> [--json]',
  details: `Reads a saved export, a receiver’s (its URL), or standard input (-) into an empty database, all of it or nothing. Settings are those of the
receiver, from the environment and .env: DATABASE_URL, or DATA_DIR for the embedded PostgreSQL; LEDGER_KEY_FILE, which must hold the
ledger’s own key already; LEDGER_ORIGIN. Then start the receiver with the same settings. The old one must not seal any more.`,
  options: { ...JSON_OPTION },
  positionals: { min: 1, max: 1 },
  async run(given, context) {
    const source = await openExportSource(given.required(0), context);
    const report = await importFrom(source, context);
    if (report.kind === 'refused') throw new CliError('refused', report.message);
    writeResult(context, given, { text: importText(report), json: importJson(report) });
    return report.kind === 'imported' ? EXIT.sound : EXIT.notSound;
  },
};

async function importFrom(source: ExportSource, context: Context): Promise<ImportReport> {
  const progress = context.stderr.isTerminal
    ? new Progress({ output: context.stderr, total: source.total, nowMs: () => performance.now() })
    : undefined;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.chunks) {
      progress?.tookBytes(chunk.length);
      yield chunk;
    }
  };
  const child = await startImportProcess((count) => progress?.tookLeaves(count));
  const stop = () => void child.stop();
  if (context.signal.aborted) stop();
  context.signal.addEventListener('abort', stop, { once: true });
  let sourceFault: unknown;
  void child.feed(counted()).catch((error: unknown) => {
    sourceFault = error;
    // Before its input ends: half an export is its source's fault, and not for the receiver to judge.
    return child.stop();
  });
  try {
    const report = await child.ended.catch((error: unknown) => {
      throw context.signal.aborted ? new CliError('usage', 'ended before everything was imported') : error;
    });
    // An import that was whole before it could be ended is imported all the same.
    if (report.kind !== 'imported' && sourceFault !== undefined) throw sourceFault;
    return report;
  } catch (error) {
    throw sourceFault ?? error;
  } finally {
    context.signal.removeEventListener('abort', stop);
    progress?.end();
    // Open, it would keep this process waiting for bytes that nobody reads.
    context.stdin.destroy();
  }
}

// Feeding an export to the receiver's import process, and what became of it: the way into a database for whatever brings an export.

import { CliError } from '../cli-error.ts';
import type { Context } from '../command.ts';
import type { ExportSource } from '../export-source.ts';
import { Progress } from '../verify/progress.ts';
import { startImportProcess } from './import-process.ts';
import type { ImportReport } from './import-report.ts';

/**
 * Imports what `source` holds; the receiver's import reads its settings from this process's environment, but for these variables.
 * Throws CliError, and what the source throws.
 */
export async function importFrom(
  source: ExportSource,
  run: { context: Context; variables: Readonly<Record<string, string>> },
): Promise<ImportReport> {
  const { context, variables } = run;
  const progress = context.stderr.isTerminal
    ? new Progress({ output: context.stderr, total: source.total, nowMs: () => performance.now() })
    : undefined;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.chunks) {
      progress?.tookBytes(chunk.length);
      yield chunk;
    }
  };
  const child = await startImportProcess({ variables, onLeaves: (count) => progress?.tookLeaves(count) });
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
  }
}

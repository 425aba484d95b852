// `telltale import`: an export becomes a ledger again, in the database of a receiver that has not started yet. Everything is verified anew.

import { CliError, EXIT } from '../cli-error.ts';
import { type Command, JSON_OPTION, writeResult } from '../command.ts';
import { openExportSource } from '../export-source.ts';
import { importFrom } from './import-from.ts';
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
    const report = await importFrom(source, { context, variables: {} }).finally(() => {
      // Open, it would keep this process waiting for bytes that nobody reads.
      context.stdin.destroy();
    });
    if (report.kind === 'refused') throw new CliError('refused', report.message);
    writeResult(context, given, { text: importText(report), json: importJson(report) });
    return report.kind === 'imported' ? EXIT.sound : EXIT.notSound;
  },
};

// `telltale export`: the whole ledger as one file that anyone can check offline. It checks nothing itself.

import { pipeline } from 'node:stream/promises';
import { writeWhole } from '@telltale/files';
import { CliError, EXIT } from './cli-error.ts';
import type { Command } from './command.ts';
import { reasonOf } from './read-file.ts';
import { ReceiverClient } from './receiver-client.ts';

export const exportCommand: Command = {
  usage: '<url> [file]',
  details: 'Without a file it goes to standard output. A download that breaks off leaves no file.',
  options: {},
  positionals: { min: 1, max: 2 },
  async run(given, context) {
    const client = new ReceiverClient(given.required(0), context.signal);
    const file = given.at(1) ?? '-';
    if (file === '-') {
      await pipeline(client.export(), context.stdout, { end: false });
      return EXIT.sound;
    }
    try {
      await writeWhole({ path: file, chunks: client.export() });
    } catch (cause) {
      if (cause instanceof CliError) throw cause;
      throw new CliError('file', `${file} cannot be written (${reasonOf(cause)})`, { cause });
    }
    context.stderr.write(`saved ${file}; check it with: telltale verify ${file} --key <verifier key>\n`);
    return EXIT.sound;
  },
};

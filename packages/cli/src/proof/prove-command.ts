// `telltale prove`: fetches the proof that a reading is sealed. It checks nothing itself: check-proof does, anywhere and offline.

import { writeWhole } from '@telltale/files';
import { hashFromHex } from '@telltale/ledger';
import { CliError, EXIT } from '../cli-error.ts';
import type { Command } from '../command.ts';
import { reasonOf } from '../read-file.ts';
import { ReceiverClient, RefusedError } from '../receiver-client.ts';

export const proveCommand: Command = {
  usage: '<transaction id> --url <url> [--output <file>]',
  options: {
    url: { value: 'url', help: 'The receiver.' },
    output: { value: 'file', help: 'Where to; such files end in .tlog-proof. Default: standard output.' },
  },
  positionals: { min: 1, max: 1 },
  async run(given, context) {
    const transactionId = given.required(0);
    if (!hashFromHex(transactionId))
      throw new CliError('usage', 'a transaction id is 64 lower-case hexadecimal digits');
    const client = new ReceiverClient(given.requiredText('url'), context.signal);
    const proof = await client.proof(transactionId).catch((error: unknown) => {
      if (error instanceof RefusedError && error.reason === 'pending') {
        throw new CliError('not-sealed', 'the reading is accepted, and not sealed in a block yet: ask again soon');
      }
      throw error;
    });
    const output = given.text('output');
    if (output === undefined) {
      context.stdout.write(proof);
      return EXIT.sound;
    }
    await writeWhole({ path: output, chunks: [proof] }).catch((cause: unknown) => {
      throw new CliError('file', `${output} cannot be written (${reasonOf(cause)})`, { cause });
    });
    context.stderr.write(`saved ${output}; check it with: telltale check-proof ${output} --key <verifier key>\n`);
    return EXIT.sound;
  },
};

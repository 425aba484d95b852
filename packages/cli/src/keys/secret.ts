// Tokens: from a file or the environment, so that they need not stand on a command line that every user of the machine can read.

import { CliError } from '../cli-error.ts';
import type { Given } from '../command.ts';
import { readTextFile } from '../read-file.ts';

/** The token in the file of --<option>, else the variable's. Throws CliError `usage` when there is neither. */
export async function readToken(
  given: Given,
  from: { option: string; variable: string; value: string | undefined },
): Promise<string> {
  const file = given.text(from.option);
  const token = file === undefined ? from.value : (await readTextFile(file)).trim();
  if (token !== undefined && token !== '') return token;
  throw new CliError(
    'usage',
    `a token is missing: set ${from.variable}, or give --${from.option} with a file that holds it`,
  );
}

// The file of ledgers that this user trusts: a verifier key a line (C2SP signed-note), `#` for comments.

import { CliError } from './cli-error.ts';
import { readTextFile } from './read-file.ts';
import { readVerifierKey, type TrustedKey } from './verifier-key.ts';

/** The key that the file has for an origin. Throws CliError `trust` when there is none, two, or a line that cannot be read. */
export async function findKnownKey(known: { file: string; origin: string }): Promise<TrustedKey> {
  const { file, origin } = known;
  const text = await readTextFile(file).catch((cause: unknown) => {
    const message = `--origin needs a key for ${origin}, and ${file} cannot be read: give --key, or --known with a file of verifier keys`;
    throw new CliError('trust', message, { cause });
  });
  const found: TrustedKey[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    const key = readVerifierKey(trimmed);
    if (!key)
      throw new CliError('trust', `${file}, line ${i + 1}: not a verifier key <origin>+<8 hex digits>+<base64>`);
    if (key.origin === origin) found.push(key);
  }
  const [first, second] = found;
  if (!first)
    throw new CliError('trust', `${file} has no key for ${origin}: give --key, or add its verifier key there`);
  if (second) throw new CliError('trust', `${file} has two keys for ${origin}: keep the one that you trust`);
  return first;
}

// Whom the user trusts: --key, or --origin with a key from the file of known keys. Nobody, where neither is given: that is said, not guessed.

import type { PublicKey } from '@telltale/ledger';
import { CliError } from './cli-error.ts';
import type { Context, Given } from './command.ts';
import { findKnownKey } from './known-keys.ts';
import { readTextFile } from './read-file.ts';
import { readTrustedKey, type TrustedKey } from './verifier-key.ts';

export type Trust =
  | {
      readonly kind: 'told';
      readonly key: PublicKey;
      readonly origin: string | undefined;
      /** Where the key came from, for the verdict. */
      readonly by: string;
    }
  | { readonly kind: 'nobody' };

export const TRUST_OPTIONS = {
  key: {
    value: 'key',
    help: 'The ledger’s key: verifier key line, base64 SPKI, or a file of one of these or PEM.',
  },
  origin: { value: 'origin', help: 'The ledger’s origin; without --key its key must be a known one.' },
  known: { value: 'file', help: 'Known verifier keys, one a line (default ~/.config/telltale/known-keys).' },
} as const;

/** Throws CliError `trust` when what the user said about whom to trust cannot be used. */
export async function readTrust(given: Given, context: Context): Promise<Trust> {
  const origin = given.text('origin');
  const keyText = given.text('key');
  if (keyText !== undefined) {
    const trusted = await keyFrom(keyText);
    if (origin !== undefined && trusted.origin !== undefined && origin !== trusted.origin) {
      throw new CliError('trust', `--key is of ${trusted.origin}, and --origin says ${origin}`);
    }
    return { kind: 'told', key: trusted.key, origin: origin ?? trusted.origin, by: '--key' };
  }
  const known = given.text('known');
  if (origin === undefined) {
    if (known !== undefined) throw new CliError('trust', '--known needs --origin: which of its ledgers must it be?');
    return { kind: 'nobody' };
  }
  const file = known ?? context.config.knownKeysFile;
  const { key } = await findKnownKey({ file, origin });
  return { kind: 'told', key, origin, by: file };
}

/** The text itself where it is a key, else the file that it names. */
async function keyFrom(text: string): Promise<TrustedKey> {
  const inline = readTrustedKey(text);
  if (inline) return inline;
  const content = await readTextFile(text).catch((cause: unknown) => {
    throw new CliError('trust', '--key is neither an Ed25519 key nor a file that can be read', { cause });
  });
  const trusted = readTrustedKey(content);
  if (!trusted) throw new CliError('trust', `${text} holds no Ed25519 public key (verifier key line, PEM, base64)`);
  return trusted;
}

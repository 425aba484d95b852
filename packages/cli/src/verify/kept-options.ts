// The options by which a user names what they kept of a ledger, the same in every command that holds a log against it.

import type { Given } from '../command.ts';
import type { KeptFiles, KeptPaths } from './kept-files.ts';

export const KEPT_OPTIONS = {
  receipt: {
    value: 'file',
    isRepeatable: true,
    help: 'Receipts that you kept (JSON: one, a list, or an answer of /receive_data): the log must hold them.',
  },
  checkpoint: {
    value: 'file',
    isRepeatable: true,
    help: 'A checkpoint that you kept (signed note): the log must begin with it.',
  },
  proof: {
    value: 'file',
    isRepeatable: true,
    help: 'A proof that you kept (telltale prove): its reading must still stand where it stood.',
  },
  export: {
    value: 'file',
    isRepeatable: true,
    help: 'An earlier export that you kept, whole or from a block on: its blocks must still be the same.',
  },
} as const;

/** What the user named, read; undefined where that is nothing. Throws CliError `file`. */
export async function keptFiles(given: Given): Promise<KeptFiles | undefined> {
  const paths: KeptPaths = {
    receipts: given.list('receipt'),
    checkpoints: given.list('checkpoint'),
    proofs: given.list('proof'),
    exports: given.list('export'),
  };
  if (Object.values(paths).every((of) => of.length === 0)) return undefined;
  // Only then: what parses receipts weighs 10 MB.
  const { readKeptFiles } = await import('./kept-files.ts');
  return readKeptFiles(paths);
}

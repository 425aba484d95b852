// An earlier export that a user kept, as a file: its signed block headers and its checkpoint, read and not yet believed. Its leaves are
// passed over: each header commits to them by its log root. Source: format.md "Export".

import { createReadStream } from 'node:fs';
import { decodeHeader, type Header, parseExportLine, splitLines } from '@telltale/ledger';
import { CliError } from '../cli-error.ts';
import { reasonOf } from '../read-file.ts';

/** `signature`: nobody has looked at it yet. */
export interface KeptBlock {
  readonly header: Uint8Array;
  readonly signature: Uint8Array;
}

/** With what its header says. */
export interface ReadBlock extends KeptBlock {
  readonly claim: Header;
}

export interface KeptExport {
  /** The file. */
  readonly name: string;
  /** By index. The first is not genesis where the export was asked for from a later block on. */
  readonly blocks: ReadonlyMap<number, KeptBlock>;
  /** The one with the highest index. */
  readonly newest?: ReadBlock;
  /** Signed note; absent where the export broke off, which makes the blocks in it no less signed. */
  readonly note?: string;
}

/** Reads the whole file. Throws CliError `file` for one that cannot be read or is no export. Memory: 1 kB a block. */
export async function readKeptExport(path: string): Promise<KeptExport> {
  const blocks = new Map<number, KeptBlock>();
  let newest: ReadBlock | undefined;
  let note: string | undefined;
  let lines = 0;
  try {
    for await (const bytes of splitLines(createReadStream(path))) {
      lines++;
      const line = parseExportLine(bytes);
      if (!line.ok) throw new CliError('file', `${path} is no export: line ${lines}: ${line.message}`);
      if (line.value.kind === 'end') note = line.value.checkpoint;
      if (line.value.kind !== 'block') continue;
      const { header, signature } = line.value.block;
      const claim = decodeHeader(header);
      if (!claim.ok) throw new CliError('file', `${path} is no export: line ${lines}: ${claim.message}`);
      const { index } = claim.value;
      blocks.set(index, { header, signature });
      if (!newest || newest.claim.index < index) newest = { header, signature, claim: claim.value };
    }
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError('file', `${path} cannot be read (${reasonOf(cause)})`, { cause });
  }
  if (!newest && note === undefined) {
    throw new CliError('file', `${path} is no export: it holds no block and no checkpoint`);
  }
  return { name: path, blocks, ...(newest && { newest }), ...(note !== undefined && { note }) };
}

// The golden chain as an export: the lines that a ledger would give, and readers of lines for tests.

import { utf8 } from '../bytes.ts';
import { formatExportBlock, formatExportEnd, formatExportHeader } from '../export-line.ts';
import type { PublicKey } from '../keys.ts';
import { type ExportVerdict, verifyExport } from '../verify-export.ts';
import { bytesOf, goldenChain, type readGolden } from './golden.ts';

/** Header, five blocks and checkpoint of the golden chain, each with its line feed. */
export function goldenExport({ vectors }: Pick<ReturnType<typeof readGolden>, 'vectors'>): string[] {
  return [
    formatExportHeader({ origin: vectors.origin, spki: bytesOf(vectors.ledger.spki_der) }),
    ...goldenChain(vectors).map(formatExportBlock),
    formatExportEnd(vectors.checkpoint.note),
  ];
}

/** What a verifier says of these lines; their line feeds are taken off. */
export function verdictOf(
  lines: readonly string[],
  trusted: { key?: PublicKey; origin?: string } = {},
): Promise<ExportVerdict> {
  return verifyExport({ lines: bytesOfLines(lines), trusted });
}

async function* bytesOfLines(lines: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const line of lines) yield utf8(line.replace(/\n$/, ''));
}

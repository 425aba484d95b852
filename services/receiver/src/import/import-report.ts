// What an import says on standard output, one JSON object a line: how far it is, and at the end what became of it. Names as in the HTTP
// interface: times in microseconds since the Unix epoch, hashes in hexadecimal, keys in base64. Read by `telltale import`.

import { type ExportVerdict, toBase64, toHex } from '@telltale/ledger';

/** Leaves verified since the last such line. */
export function progressLine(leaves: number): string {
  return lineOf({ kind: 'progress', leaves });
}

/** The last line, where the export was read: imported, or the first thing that is wrong with it. */
export function verdictLine(verdict: ExportVerdict): string {
  const { fault, key, checkpoint } = verdict;
  const { head, ...counts } = verdict.summary;
  return lineOf({
    kind: verdict.isSound ? 'imported' : 'not-sound',
    origin: verdict.origin ?? null,
    public_key: key ? toBase64(key.spki) : null,
    ...counts,
    first_received_at: verdict.firstReceivedAtUs ?? null,
    last_received_at: verdict.lastReceivedAtUs ?? null,
    head: head
      ? { index: head.index, hash: toHex(head.hash), timestamp: head.timestampUs, log_size: head.logSize }
      : null,
    checkpoint: checkpoint
      ? { size: checkpoint.size, root: toHex(checkpoint.root), note: verdict.checkpointNote }
      : null,
    fault: fault
      ? {
          code: fault.code,
          message: fault.message,
          line: fault.line,
          block_index: fault.blockIndex ?? null,
          leaf_index: fault.leafIndex ?? null,
        }
      : null,
  });
}

/** The last line, where nothing can be said of the export. */
export function refusalLine(refusal: { code: string; message: string }): string {
  return lineOf({ kind: 'refused', ...refusal });
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

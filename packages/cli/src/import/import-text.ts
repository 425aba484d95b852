// What became of an import, in the words of `telltale verify`, for a person and for programs.

import { type ExportVerdict, toBase64, toHex } from '@telltale/ledger';
import { meaningOf } from '../verify/fault-meaning.ts';
import { factLines, faultLines } from '../verify/verdict-text.ts';
import type { ReadReport } from './import-report.ts';

export function importText(report: ReadReport): string {
  const facts = factLines(factsOf(report));
  const lines =
    report.kind === 'imported'
      ? [
          'IMPORTED. Every signature, key, hash, block, time and number of this export was checked, and all of them are right.',
          '',
          ...facts,
          '',
          'A receiver that starts on this database with the same key goes on from here. Never let two go on with one ledger: two histories',
          'under one key are evidence against it.',
        ]
      : [
          'NOT SOUND. Nothing was imported: the database is as it was.',
          '',
          ...faultLines(report.fault, undefined),
          ...(report.fault.leafIndex === undefined ? [] : ['What the leaf says of itself, telltale verify tells.']),
          '',
          'What was read until it showed:',
          ...facts,
        ];
  return `${lines.join('\n')}\n`;
}

/** Names as in verify’s verdict. */
export function importJson(report: ReadReport): object {
  const { kind, public_key: key, head, checkpoint, ...rest } = report;
  const fault = report.kind === 'not-sound' ? report.fault : undefined;
  return {
    verdict: kind,
    ...rest,
    public_key: key ? toBase64(key.spki) : null,
    key_id: key ? toHex(key.keyId) : null,
    head: head ? { ...head, hash: toHex(head.hash) } : null,
    checkpoint: checkpoint ? { ...checkpoint, root: toHex(checkpoint.root) } : null,
    fault: fault
      ? {
          code: fault.code,
          message: fault.message,
          line: fault.line,
          block_index: fault.blockIndex ?? null,
          leaf_index: fault.leafIndex ?? null,
          ...meaningOf(fault.code),
        }
      : null,
  };
}

function factsOf(report: ReadReport): Parameters<typeof factLines>[0] {
  const { origin, public_key: key, head, checkpoint, first_received_at: first, last_received_at: last } = report;
  const { blocks, leaves, readings, devices, keys } = report;
  const summary: ExportVerdict['summary'] = {
    blocks,
    leaves,
    readings,
    devices,
    keys,
    ...(head && {
      head: { index: head.index, hash: head.hash, timestampUs: head.timestamp, logSize: head.log_size },
    }),
  };
  return {
    summary,
    ...(origin !== null && { origin }),
    ...(key && { key }),
    ...(first !== null && { firstReceivedAtUs: first }),
    ...(last !== null && { lastReceivedAtUs: last }),
    ...(checkpoint && { checkpoint }),
  };
}

// A verdict for programs. Names as in the HTTP interface: times in microseconds since the Unix epoch, hashes in hexadecimal, keys in base64.

import { type ExportVerdict, toBase64, toHex } from '@telltale/ledger';
import { EXIT } from '../cli-error.ts';
import type { Trust } from '../trust.ts';
import { meaningOf } from './fault-meaning.ts';
import type { KeptJudgement } from './kept-judgement.ts';
import { exitOfKept, keptJson } from './kept-text.ts';
import type { LeafWords } from './recent-leaves.ts';

/** The verdicts that programs know, by exit code. */
const WORDS = { [EXIT.sound]: 'sound', [EXIT.notSound]: 'not-sound', [EXIT.couldNotCheck]: 'could-not-check' } as const;

export function verdictJson(at: {
  verdict: ExportVerdict;
  trust: Trust;
  leaf: LeafWords | undefined;
  kept: KeptJudgement | undefined;
}): object {
  const { verdict, trust, leaf, kept } = at;
  const { fault, summary, key, checkpoint } = verdict;
  const { head, ...counts } = summary;
  return {
    verdict: WORDS[verdict.isSound ? exitOfKept(kept) : EXIT.notSound],
    is_trusted_key: trust.kind === 'told',
    trusted_by: trust.kind === 'told' ? trust.by : null,
    origin: verdict.origin ?? null,
    public_key: key ? toBase64(key.spki) : null,
    key_id: key ? toHex(key.keyId) : null,
    ...counts,
    first_received_at: verdict.firstReceivedAtUs ?? null,
    last_received_at: verdict.lastReceivedAtUs ?? null,
    head: head
      ? { index: head.index, hash: toHex(head.hash), timestamp: head.timestampUs, log_size: head.logSize }
      : null,
    checkpoint: checkpoint
      ? { size: checkpoint.size, root: toHex(checkpoint.root), note: verdict.checkpointNote }
      : null,
    by_device: [...verdict.sequences.devices()].map(([device, sequence]) => {
      const { readings, withoutSeq, duplicates, firstReceivedAtUs, lastReceivedAtUs } = sequence.state();
      return {
        device,
        readings,
        without_seq: withoutSeq,
        first_seq: sequence.firstSeq ?? null,
        last_seq: sequence.lastSeq ?? null,
        missing: sequence.missing(),
        gaps: sequence.gaps().map(({ start, end }) => ({ from: start, to: end - 1 })),
        duplicates,
        first_received_at: firstReceivedAtUs ?? null,
        last_received_at: lastReceivedAtUs ?? null,
      };
    }),
    kept: kept ? keptJson(kept) : null,
    fault: fault
      ? {
          code: fault.code,
          message: fault.message,
          line: fault.line,
          block_index: fault.blockIndex ?? null,
          leaf_index: fault.leafIndex ?? null,
          ...meaningOf(fault.code, leaf?.kind),
          leaf: leaf
            ? {
                kind: leaf.kind,
                key_id: leaf.keyId,
                received_at: leaf.receivedAtUs,
                device: leaf.device ?? null,
                seq: leaf.seq ?? null,
              }
            : null,
        }
      : null,
  };
}

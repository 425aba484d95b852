// What became of a recovery, for a person and for programs: what came back, and plainly what may not have.

import { type ChainSummary, type ExportFault, type PublicKey, toBase64, toHex } from '@telltale/ledger';
import type { ReadReport } from '../import/import-report.ts';
import { importJson, importText } from '../import/import-text.ts';
import { meaningOf } from '../verify/fault-meaning.ts';
import type { KeptJudgement } from '../verify/kept-judgement.ts';
import { keptJson, keptLines } from '../verify/kept-text.ts';
import { factLines, faultLines } from '../verify/verdict-text.ts';

interface Facts {
  readonly origin: string;
  readonly key: PublicKey;
  readonly summary: ChainSummary;
  /** Of the newest block that the ring knows of. */
  readonly headHeight: number;
  /** Heights of which the ring has other blocks too, signed by the same key. */
  readonly heightsOfSeveral: readonly number[];
  /** Where the user has the export now. */
  readonly file: string | undefined;
}

/** `not-sound`: the blocks are no chain. `at-odds`: not what the user kept. `not-imported`: a chain, and the import found what is wrong with it. */
export type Recovery =
  | (Facts & {
      readonly kind: 'recovered' | 'not-imported';
      readonly report: ReadReport;
      readonly kept: KeptJudgement | undefined;
    })
  | (Facts & { readonly kind: 'partial'; readonly missingHeight: number })
  | (Facts & { readonly kind: 'at-odds'; readonly kept: KeptJudgement })
  | { readonly kind: 'not-sound'; readonly key: PublicKey; readonly fault: ExportFault };

export function recoveryText(recovery: Recovery): string {
  const lines = linesOf(recovery);
  const saved =
    'file' in recovery && recovery.file !== undefined
      ? ['', `The export that the ring gave is in ${recovery.file}.`]
      : [];
  return `${[...lines, ...saved].join('\n')}\n`;
}

function linesOf(recovery: Recovery): string[] {
  switch (recovery.kind) {
    case 'recovered':
      return [
        `RECOVERED. ${cameBack(recovery.summary)}`,
        ...(recovery.kept ? ['', ...keptLines(recovery.kept)] : []),
        '',
        ...WHAT_MAY_BE_MISSING,
        ...severalLines(recovery),
        '',
        importText(recovery.report).trimEnd(),
      ];
    case 'not-imported':
      return [importText(recovery.report).trimEnd()];
    case 'partial':
      return [
        `NOT RECOVERED. Block ${recovery.missingHeight} of ${recovery.headHeight} is missing in the ring now; nothing was imported.`,
        '',
        `Before it: ${cameBack(recovery.summary)}`,
        ...factLines(recovery),
        '',
        'A member that is away may have the block: start it and recover again. A ledger that goes on from here with its key contradicts what it',
        'signed after it. telltale import makes a ledger of the saved part all the same.',
      ];
    case 'at-odds':
      return [
        'NOT RECOVERED. The ring’s blocks are a sound chain, but not all that you kept is in it; nothing was imported.',
        '',
        ...keptLines(recovery.kept),
        '',
        ...factLines(recovery),
        ...severalLines(recovery),
        '',
        'A member that is away may have what is missing: start it and recover again. A ledger that goes on from here with its key contradicts',
        'what it signed. telltale import makes a ledger of a saved export (--out) all the same.',
      ];
    case 'not-sound':
      return [
        'NOT SOUND. The ledger’s key signed each block that the ring keeps, and they are no chain; nothing was imported.',
        '',
        ...faultLines(recovery.fault, undefined),
      ];
    default:
      return recovery satisfies never;
  }
}

const WHAT_MAY_BE_MISSING = [
  'What may be missing: readings that were acknowledged, but not yet in a block that the ring kept. Of those acknowledged with ack=quorum',
  'none is. A receipt, checkpoint or proof of something later contradicts the ledger once it goes on: telltale verify shows it.',
];

/** The ring forgets nothing that was signed. */
function severalLines({ heightsOfSeveral, headHeight }: Facts): string[] {
  const [first] = heightsOfSeveral;
  const last = heightsOfSeveral.at(-1);
  if (first === undefined || last === undefined) return [];
  const where = first === last ? `height ${first}` : `heights from ${first} to ${last}`;
  const which =
    last === headHeight
      ? 'The newest is among them, and the ring cannot say which of those was published: hold a receipt or a checkpoint against it.'
      : `Those that lead to block ${headHeight} came back.`;
  return ['', `The ledger’s key signed several blocks of ${where}; all of them stay in the ring as evidence. ${which}`];
}

export function recoveryJson(recovery: Recovery): object {
  const { kind, key } = recovery;
  const whose = { verdict: kind, public_key: toBase64(key.spki), key_id: toHex(key.keyId) };
  if (kind === 'not-sound') {
    const { code, message, line, blockIndex, leafIndex } = recovery.fault;
    const place = { line, block_index: blockIndex ?? null, leaf_index: leafIndex ?? null };
    return { ...whose, fault: { code, message, ...place, ...meaningOf(code) } };
  }
  const { origin, summary, headHeight, heightsOfSeveral, file } = recovery;
  const { head, ...counts } = summary;
  const facts = {
    origin,
    ...counts,
    head: head && { index: head.index, hash: toHex(head.hash), timestamp: head.timestampUs, log_size: head.logSize },
    ring_head: headHeight,
    heights_of_several_blocks: heightsOfSeveral,
    file: file ?? null,
  };
  switch (kind) {
    case 'partial':
      return { ...whose, ...facts, missing_block: recovery.missingHeight };
    case 'at-odds':
      return { ...whose, ...facts, kept: keptJson(recovery.kept) };
    case 'recovered':
    case 'not-imported':
      return {
        ...facts,
        ...importJson(recovery.report),
        ...whose,
        kept: recovery.kept ? keptJson(recovery.kept) : null,
      };
    default:
      return kind satisfies never;
  }
}

function cameBack({ blocks, readings }: ChainSummary): string {
  const of = (n: number, noun: string) => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
  return `${of(blocks, 'block')} (genesis among them) with ${of(readings, 'reading')} came back from the ring; every byte was checked.`;
}

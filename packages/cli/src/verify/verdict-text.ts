// A verdict in words: what was checked, whose word it rests on, what is missing, and the first thing that is wrong with its exact place.

import { type DeviceSequence, type ExportFault, type ExportVerdict, quoted, toBase64, toHex } from '@telltale/ledger';
import { EXIT } from '../cli-error.ts';
import type { Trust } from '../trust.ts';
import { utcTime } from '../utc-time.ts';
import { meaningOf } from './fault-meaning.ts';
import type { KeptJudgement } from './kept-judgement.ts';
import { exitOfKept, keptLines } from './kept-text.ts';
import type { LeafWords } from './recent-leaves.ts';

/** Devices with gaps, and gaps of one device, that are told in words; --json has all of them. */
const SHOWN_DEVICES = 20;
const SHOWN_GAPS = 10;

export function verdictText(at: {
  verdict: ExportVerdict;
  trust: Trust;
  leaf: LeafWords | undefined;
  kept: KeptJudgement | undefined;
}): string {
  const { verdict, trust, leaf, kept } = at;
  const { fault } = verdict;
  const parts = fault
    ? ['NOT SOUND. Do not rely on this export.', '', ...faultLines(fault, leaf), '']
    : [headlineOf(kept), ''];
  const lines = [
    ...parts,
    ...(kept ? [...keptLines(kept), ''] : []),
    ...(fault ? ['What was read until it showed:'] : []),
    ...factLines(verdict),
    '',
    ...trustLines(verdict, trust),
    ...gapLines(verdict),
    ...limits(fault),
  ];
  return `${lines.join('\n')}\n`;
}

/** Of an export that is sound in itself. */
function headlineOf(kept: KeptJudgement | undefined): string {
  switch (exitOfKept(kept)) {
    case EXIT.notSound:
      return 'NOT SOUND. The export fits itself, but not what its ledger signed before. Do not rely on it, and keep both: they are evidence.';
    case EXIT.couldNotCheck:
      return 'NOT WHOLLY CHECKED. The export is sound in itself, but not all that you kept could be held against it.';
    default:
      return 'SOUND. Every signature, key, hash, block, time and number of this export was checked, and all of them are right.';
  }
}

/** The first thing that is wrong: its place, and what it means. */
export function faultLines(fault: ExportFault, leaf: LeafWords | undefined): string[] {
  const { bytes, meaning } = meaningOf(fault.code, leaf?.kind);
  const places = [
    ...(fault.blockIndex === undefined ? [] : [`block ${fault.blockIndex}`]),
    ...(fault.leafIndex === undefined ? [] : [`leaf ${fault.leafIndex}`]),
    `line ${fault.line} of the export`,
  ];
  return [
    `The first thing that is wrong, in ${places.join(', ')}:`,
    `  ${fault.message} (${fault.code}).`,
    `  Where: ${bytes}.`,
    `  What it means: ${meaning}`,
    ...(leaf ? [`  The leaf says of itself: ${wordsOf(leaf)}.`] : []),
    'What stands behind this place was not checked.',
  ];
}

function wordsOf(leaf: LeafWords): string {
  const what = leaf.kind === 'reading' ? `a reading${ofDevice(leaf)}` : `the ${leaf.kind} of a key`;
  return `${what}, key ${leaf.keyId}, received ${utcTime(leaf.receivedAtUs)}`;
}

function ofDevice({ device, seq }: LeafWords): string {
  if (device === undefined) return '';
  return ` of device ${quoted(device)}${seq === undefined ? '' : `, number ${seq}`}`;
}

/** What an export holds, as far as it was read. */
export function factLines(
  verdict: Pick<ExportVerdict, 'origin' | 'key' | 'summary' | 'firstReceivedAtUs' | 'lastReceivedAtUs'> & {
    readonly checkpoint?: { readonly size: number; readonly root: Uint8Array };
  },
): string[] {
  const { origin, key, summary, firstReceivedAtUs: first, lastReceivedAtUs: last, checkpoint } = verdict;
  const { readings, devices, keys, blocks, leaves, head } = summary;
  const facts: [string, string][] = [
    ['Ledger', origin ?? 'unknown: the first line cannot be read'],
    ...(key ? [fact('Its key', `${toHex(key.keyId)} (SHA-256 of the public key)`)] : []),
    [
      'Readings',
      `${count(readings)} of ${plural(devices, 'device')}, under ${plural(keys, 'key')}; ${plural(leaves, 'transaction')} in all`,
    ],
    ['Blocks', `${count(blocks)}${head ? `, the newest is ${head.index} of ${utcTime(head.timestampUs)}` : ''}`],
    ...(head ? [fact('', `hash ${toHex(head.hash)}`)] : []),
    ...(first !== undefined && last !== undefined
      ? [fact('Received', `first ${utcTime(first)}, last ${utcTime(last)}`)]
      : []),
    ...(checkpoint ? [fact('Checkpoint', `${checkpoint.size} transactions, root ${toBase64(checkpoint.root)}`)] : []),
  ];
  return facts.map(([name, value]) => `  ${name.padEnd(10)}  ${value}`);
}

function fact(name: string, value: string): [string, string] {
  return [name, value];
}

function trustLines(verdict: ExportVerdict, trust: Trust): string[] {
  if (trust.kind === 'told') return [`Whom it rests on: the ledger’s key, which you named by ${trust.by}.`];
  const key = verdict.key ? [`  ${toBase64(verdict.key.spki)}`] : [];
  return [
    'Whom it rests on: NOBODY YOU NAMED. You did not say whose ledger this must be, so the key that was used is the one that the',
    'export itself brought. Anybody can make an export that fits a key of their own. Compare the key with one from somebody you trust,',
    'or give it with --key, or --origin with a known key:',
    ...key,
  ];
}

function gapLines(verdict: ExportVerdict): string[] {
  const devices = [...verdict.sequences.devices()];
  const gapped = devices.filter(([, sequence]) => sequence.missing() > 0 || sequence.state().duplicates > 0);
  const unnumbered = devices.filter(([, sequence]) => sequence.state().withoutSeq > 0).length;
  const lines = gapped.slice(0, SHOWN_DEVICES).map(([device, sequence]) => `  ${quoted(device)}: ${gapsOf(sequence)}`);
  const more = gapped.length - lines.length;
  if (gapped.length === 0) lines.push('  none');
  if (more > 0) lines.push(`  and ${plural(more, 'more device')}; --json lists them`);
  if (unnumbered > 0)
    lines.push(`  Readings without a number cannot be missed: ${plural(unnumbered, 'device')} sent such readings.`);
  return [
    '',
    'Numbers missing between a device’s first and last reading (only the device knows whether it ever used them):',
    ...lines,
  ];
}

function gapsOf(sequence: DeviceSequence): string {
  const { duplicates } = sequence.state();
  const gaps = sequence.gaps();
  const shown = gaps
    .slice(0, SHOWN_GAPS)
    .map(({ start, end }) => (end - start === 1 ? `${start}` : `${start} to ${end - 1}`));
  const rest = gaps.length > shown.length ? ', …' : '';
  const missing = sequence.missing();
  return [
    ...(missing > 0 ? [`${count(missing)} missing (${shown.join(', ')}${rest})`] : []),
    ...(duplicates > 0 ? [`${plural(duplicates, 'reading')} with a number that was used before`] : []),
  ].join('; ');
}

/** What nobody may read into a sound verdict. */
function limits(fault: ExportFault | undefined): string[] {
  if (fault) return [];
  return [
    '',
    'Times of receipt and of blocks are the receiver’s word. Whether another copy of this ledger says something else, only checkpoints kept',
    'elsewhere show (telltale watch, witnesses, receipts, earlier exports).',
  ];
}

function plural(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? '' : 's'}`;
}

function count(n: number): string {
  return n.toLocaleString('en');
}

// Exports: the golden one is sound, and every way to change it is found at its place.

import { describe, expect, it } from 'vitest';
import { toHex } from './bytes.ts';
import { signCheckpoint } from './checkpoint.ts';
import { formatExportBlock, formatExportEnd, formatExportHeader } from './export-line.ts';
import type { Hash } from './hash.ts';
import { decodeHeader } from './header.ts';
import { ChainBuilder, readingLeaf } from './testing/chain-builder.ts';
import { readGolden } from './testing/golden.ts';
import { goldenExport, verdictOf } from './testing/golden-export.ts';
import { firstUseLeaf } from './testing/registry-leaves.ts';
import { testKey } from './testing/signing-key.ts';
import { verifyExport } from './verify-export.ts';

const golden = readGolden();
const { vectors, ledger } = golden;
const lines = goldenExport(golden);
const trusted = { key: ledger.key, origin: vectors.origin };

describe('a sound export', () => {
  it('is told as such, with its counts, times, devices and end', async () => {
    const verdict = await verdictOf(lines, trusted);
    expect(verdict).toMatchObject({
      isSound: true,
      origin: vectors.origin,
      keySource: 'told',
      summary: { blocks: 5, leaves: 12, readings: 7, head: { index: 4, logSize: 12 } },
      firstReceivedAtUs: vectors.leaves[0]?.received_at,
      lastReceivedAtUs: vectors.leaves[11]?.received_at,
      checkpoint: { size: 12 },
      checkpointNote: vectors.checkpoint.note,
    });
    expect(verdict.fault).toBeUndefined();
    expect(toHex(verdict.checkpoint?.root ?? new Uint8Array(0))).toBe(vectors.log_roots[12]);
    const readings = [...verdict.sequences.devices()].map(([, sequence]) => sequence.state().readings);
    expect(readings.reduce((sum, count) => sum + count, 0)).toBe(7);
  });

  it('names its own key when nobody said whom to trust', async () => {
    expect(await verdictOf(lines)).toMatchObject({ isSound: true, keySource: 'export' });
    expect(await verdictOf(lines, { origin: vectors.origin })).toMatchObject({ isSound: true, keySource: 'export' });
    expect(await verdictOf(lines, { key: ledger.key })).toMatchObject({ isSound: true, keySource: 'told' });
  });

  it('gives each block with its leaves, in order', async () => {
    const seen: number[] = [];
    const source = (async function* () {
      for (const line of lines) yield Buffer.from(line.trimEnd());
    })();
    const verdict = await verifyExport({
      lines: source,
      onBlock: async ({ blockIndex, leaves }) => {
        expect(blockIndex).toBe(seen.length);
        seen.push(leaves.length);
      },
    });
    expect(verdict.isSound).toBe(true);
    expect(seen.reduce((sum, count) => sum + count, 0)).toBe(12);
  });
});

describe('an export that is not sound', () => {
  it('is found out whichever of its bytes is another', async () => {
    const whole = lines.join('');
    // The last line feed says nothing; every other byte does.
    for (let at = 0; at < whole.length - 1; at++) {
      const changed = `${whole.slice(0, at)}${whole[at] === 'A' ? 'B' : 'A'}${whole.slice(at + 1)}`;
      const verdict = await verdictOf(changed.trimEnd().split('\n'), trusted);
      expect(verdict.isSound, `byte ${at}: ${whole.slice(at - 20, at + 20)}`).toBe(false);
    }
  });

  it('is of another ledger than the trusted one', async () => {
    expect(await verdictOf(lines, { key: golden.device.key })).toMatchObject({
      isSound: false,
      fault: { code: 'export-key', line: 1 },
    });
    expect(await verdictOf(lines, { origin: 'elsewhere' })).toMatchObject({
      fault: { code: 'export-origin', line: 1 },
    });
  });

  it.each([
    ['nothing', [], 'export-unfinished', 1],
    ['no ledger', lines.slice(1), 'export-order', 1],
    ['two ledgers', [lines[0], ...lines], 'export-order', 2],
    ['no block', [lines[0], lines[6]], 'export-order', 2],
    ['no genesis', lines.toSpliced(1, 1), 'index', 2],
    ['a block removed', lines.toSpliced(3, 1), 'index', 4],
    ['the last block removed', lines.toSpliced(5, 1), 'checkpoint-size', 6],
    ['the checkpoint removed', lines.slice(0, -1), 'export-unfinished', 7],
    ['the tail removed', lines.slice(0, 3), 'export-unfinished', 4],
    ['a block twice', lines.toSpliced(3, 0, lines[3] ?? ''), 'index', 5],
    ['two blocks swapped', lines.with(2, lines[3] ?? '').with(3, lines[2] ?? ''), 'index', 3],
    ['a second checkpoint', [...lines, lines[6]], 'export-order', 8],
    ['a block behind the checkpoint', [...lines, lines[5]], 'export-order', 8],
    ['an empty line', lines.toSpliced(2, 0, '\n'), 'export-line', 3],
  ])('with %s says so, and where', async (_what, changed, code, line) => {
    const verdict = await verdictOf(
      changed.map((text) => text ?? ''),
      trusted,
    );
    expect(verdict).toMatchObject({ isSound: false, fault: { code, line } });
  });

  it.each([
    ['removed', (leaves: string[]) => leaves.slice(0, -1)],
    ['twice', (leaves: string[]) => [...leaves, leaves.at(-1) ?? '']],
  ])('with a leaf %s does not fit its header', async (_what, change) => {
    const changed = withLeaves(lines[2] ?? '', change);
    expect(await verdictOf(lines.with(2, changed), trusted)).toMatchObject({
      fault: { code: 'log-size', blockIndex: 1 },
    });
  });

  it('with two leaves swapped is found at the block or the leaf', async () => {
    const changed = withLeaves(lines[2] ?? '', ([first = '', second = '', ...rest]) => [second, first, ...rest]);
    const { isSound, fault } = await verdictOf(lines.with(2, changed), trusted);
    expect(isSound).toBe(false);
    expect(fault).toMatchObject({ blockIndex: 1, line: 3 });
  });

  it('has a checkpoint with another root, size or signer', async () => {
    const root = hashOfRoot(lines[5] ?? '');
    const { spki } = ledger.key;
    const sign = { spki, sign: ledger.sign };
    const ends = [
      [
        'checkpoint-root',
        signCheckpoint({ origin: vectors.origin, size: 12, root: root.with(0, 1 ^ (root[0] ?? 0)) as Hash }, sign),
      ],
      ['checkpoint-size', signCheckpoint({ origin: vectors.origin, size: 11, root }, sign)],
      ['note-unsigned', signCheckpoint({ origin: 'elsewhere', size: 12, root }, sign)],
      ['note-signature', vectors.checkpoint.note.replace('\n12\n', '\n13\n')],
      ['note-malformed', 'no note'],
    ] as const;
    for (const [code, note] of ends) {
      expect(await verdictOf(lines.with(6, formatExportEnd(note)), trusted)).toMatchObject({
        fault: { code, line: 7 },
      });
    }
  });

  it('has a reading that is sealed twice', async () => {
    const reading = readingLeaf({ by: testKey(5), message: '{"seq":1}', receivedAtUs: 11 });
    const again = readingLeaf({ by: testKey(5), message: '{"seq":1}', receivedAtUs: 15 });
    const other = readingLeaf({ by: testKey(5), message: '{"seq":2}', receivedAtUs: 15 });
    expect((await verdictOf(exportOf([[reading], [other]]))).isSound).toBe(true);
    const twice = await verdictOf(exportOf([[reading], [again]]));
    expect(twice.fault).toMatchObject({ code: 'transaction-twice', leafIndex: 2, blockIndex: 2, line: 4 });
  });

  it('is told by its first fault, also when a later one is found sooner', async () => {
    const forged = readingLeaf({ by: testKey(5), message: '{"seq":1}', receivedAtUs: 11 });
    forged[44] = 1 ^ (forged[44] ?? 0);
    const changed = exportOf([[forged]]).toSpliced(-1, 1);
    const verdict = await verdictOf([...changed, 'no line at all']);
    expect(verdict.fault).toMatchObject({ code: 'signature', leafIndex: 1, blockIndex: 1, line: 3 });
  });
});

/** An export of a small chain: its first block enrols the key of the readings. */
function exportOf(blocks: readonly (readonly Uint8Array[])[]): string[] {
  const key = testKey(4);
  const builder = new ChainBuilder({ origin: 'example.com/log', key, genesisAtUs: 1 });
  for (const [i, leaves] of blocks.entries()) {
    const enrolment = i === 0 ? [firstUseLeaf({ key: testKey(5).key, devices: [], receivedAtUs: 10 })] : [];
    builder.seal({ leaves: [...enrolment, ...leaves], timestampUs: 20 + i, difficultyBits: 1 });
  }
  const last = formatExportBlock(
    builder.blocks.at(-1) ?? { header: new Uint8Array(0), signature: new Uint8Array(0), leaves: [] },
  );
  const size = blocks.flat().length + 1;
  const checkpoint = { origin: builder.origin, size, root: hashOfRoot(last) };
  return [
    formatExportHeader({ origin: builder.origin, spki: key.key.spki }),
    ...builder.blocks.map(formatExportBlock),
    formatExportEnd(signCheckpoint(checkpoint, { spki: key.key.spki, sign: key.sign })),
  ];
}

function hashOfRoot(blockLine: string): Hash {
  const header = decodeHeader(Uint8Array.from(Buffer.from(JSON.parse(blockLine).header, 'base64')));
  if (!header.ok) throw new Error(header.message);
  return header.value.logRoot;
}

function withLeaves(line: string, change: (leaves: string[]) => string[]): string {
  const block = JSON.parse(line);
  const changed = JSON.stringify({ ...block, leaves: change(block.leaves) });
  if (changed === line.trimEnd()) throw new Error('the change changes nothing');
  return changed;
}

// Checkpoints: the golden one, those of another project's log, and every malformed line.

import { describe, expect, it } from 'vitest';
import { toBase64, toHex } from './bytes.ts';
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.ts';
import {
  checkConsistency,
  checkInclusion,
  EMPTY_ROOT,
  MerkleTree,
  proveConsistency,
  proveInclusion,
} from './merkle.ts';
import { formatVerifierKey, parseVerifierKey, signNote } from './note.ts';
import { readForeign } from './testing/foreign.ts';
import { hashOf, readGolden } from './testing/golden.ts';
import { splitHashes } from './tiles.ts';

const { vectors, ledger, device } = readGolden();
const { origin } = vectors;
const spki = ledger.key.spki;
const goldenRoot = hashOf(vectors.log_roots.at(-1) ?? '');
const verifier = verifierFrom(vectors.checkpoint.verifier_key);

/** test/vectors/foreign/SOURCES.md. */
const TESSERA_KEY = 'example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx';

describe('the golden checkpoint', () => {
  it('is what signCheckpoint writes of the newest block’s size and root', () => {
    const note = signCheckpoint({ origin, size: 12, root: goldenRoot }, { spki, sign: ledger.sign });
    expect(note).toBe(vectors.checkpoint.note);
  });

  it('opens with the golden verifier key, which formatVerifierKey writes', async () => {
    expect(formatVerifierKey(origin, spki)).toBe(vectors.checkpoint.verifier_key);
    const checkpoint = await openCheckpoint(vectors.checkpoint.note, verifier);
    if (!checkpoint.ok) throw new Error(checkpoint.message);
    expect(checkpoint.value).toMatchObject({ origin, size: 12 });
    expect(toHex(checkpoint.value.root)).toBe(toHex(goldenRoot));
  });
});

describe('the checkpoints of transparency-dev/tessera', () => {
  const tree = new MerkleTree(splitHashes(readForeign('tessera-log/tile/0/000.p/15')));

  it('open with the verifier key, and have the roots of the tiles', async () => {
    for (let size = 0; size <= 15; size++) {
      const note = readForeign(`tessera-log/checkpoint.${size}`).toString();
      const checkpoint = await openCheckpoint(note, verifierFrom(TESSERA_KEY));
      if (!checkpoint.ok) throw new Error(`${size}: ${checkpoint.message}`);
      expect(checkpoint.value).toMatchObject({ origin: 'example.com/log/testdata', size });
      expect(toHex(checkpoint.value.root)).toBe(toHex(tree.root(size)));
      expect(note.startsWith(`${formatCheckpoint(checkpoint.value)}\n`)).toBe(true);
    }
    expect(readForeign('tessera-log/checkpoint')).toEqual(readForeign('tessera-log/checkpoint.15'));
  });

  it('are consistent with one another, and include every leaf', () => {
    const roots = Array.from({ length: 16 }, (_, size) =>
      rootOf(readForeign(`tessera-log/checkpoint.${size}`).toString()),
    );
    for (const [toSize, toRoot] of roots.entries()) {
      for (const [fromSize, fromRoot] of roots.slice(0, toSize + 1).entries()) {
        const path = fromSize === 0 ? [] : proveConsistency({ fromSize, toSize }, tree.node);
        expect(checkConsistency({ fromSize, toSize, fromRoot, toRoot, path })).toBe(true);
      }
      for (let leafIndex = 0; leafIndex < toSize; leafIndex++) {
        const path = proveInclusion({ leafIndex, treeSize: toSize }, tree.node);
        const leafHash = tree.node({ level: 0, index: leafIndex });
        expect(checkInclusion({ leafIndex, treeSize: toSize, leafHash, path, root: toRoot })).toBe(true);
      }
    }
  });
});

describe('openCheckpoint', () => {
  it('refuses the checkpoint of another origin, though the same key signed it', async () => {
    const text = formatCheckpoint({ origin: 'elsewhere', size: 12, root: goldenRoot });
    const note = signNote({ text, name: origin, spki, sign: ledger.sign });
    expect(await openCheckpoint(note, verifier)).toMatchObject({ ok: false, code: 'checkpoint-malformed' });
  });

  it('refuses a checkpoint that another key signed', async () => {
    const checkpoint = { origin, size: 12, root: goldenRoot };
    const stranger = signCheckpoint(checkpoint, { spki: device.key.spki, sign: device.sign });
    expect(await openCheckpoint(stranger, verifier)).toMatchObject({ ok: false, code: 'note-unsigned' });
    const forged = signCheckpoint(checkpoint, { spki, sign: device.sign });
    expect(await openCheckpoint(forged, verifier)).toMatchObject({ ok: false, code: 'note-signature' });
  });

  it('refuses a signed text that is no checkpoint', async () => {
    const note = signNote({ text: `${origin}\ntwelve\n`, name: origin, spki, sign: ledger.sign });
    expect(await openCheckpoint(note, verifier)).toMatchObject({ ok: false, code: 'checkpoint-malformed' });
  });
});

describe('parseCheckpoint', () => {
  const root = toBase64(EMPTY_ROOT);

  it('reads back what formatCheckpoint wrote, and passes over extension lines', () => {
    const checkpoint = { origin, size: Number.MAX_SAFE_INTEGER, root: EMPTY_ROOT };
    const text = formatCheckpoint(checkpoint);
    for (const source of [text, `${text}an extension\n`]) {
      const parsed = parseCheckpoint(source);
      expect(parsed).toMatchObject({ ok: true, value: { origin, size: Number.MAX_SAFE_INTEGER } });
      expect(parsed.ok && toHex(parsed.value.root)).toBe(toHex(EMPTY_ROOT));
    }
  });

  it.each([
    ['no origin', `\n1\n${root}\n`],
    ['no root', 'a\n1\n'],
    ['no line feed at the end', `a\n1\n${root}`],
    ['a size with a leading zero', `a\n01\n${root}\n`],
    ['a size with a sign', `a\n+1\n${root}\n`],
    ['a negative size', `a\n-1\n${root}\n`],
    ['a size in hexadecimal', `a\n0x1\n${root}\n`],
    ['a size past 2^53', `a\n9007199254740992\n${root}\n`],
    ['a size with a space', `a\n1 \n${root}\n`],
    ['an empty size', `a\n\n${root}\n`],
    ['a root of 31 bytes', `a\n1\n${toBase64(EMPTY_ROOT.subarray(1))}\n`],
    ['a root without padding', `a\n1\n${root.replace('=', '')}\n`],
  ])('refuses %s', (_what, text) => {
    expect(parseCheckpoint(text)).toMatchObject({ ok: false, code: 'checkpoint-malformed' });
  });
});

function verifierFrom(text: string) {
  const parsed = parseVerifierKey(text);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}

function rootOf(note: string) {
  const checkpoint = parseCheckpoint(`${note.split('\n\n')[0]}\n`);
  if (!checkpoint.ok) throw new Error(checkpoint.message);
  return checkpoint.value.root;
}

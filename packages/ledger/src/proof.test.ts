// Proofs: every leaf of the golden chain, the layout of C2SP tlog-proof, and every way to spoil one.

import { describe, expect, it } from 'vitest';
import { concat, toBase64, toHex } from './bytes.ts';
import { signCheckpoint } from './checkpoint.ts';
import { decodeLeaf, leafHash } from './leaf.ts';
import { MerkleTree, proveInclusion } from './merkle.ts';
import { type NoteVerifier, noteVerifierOf } from './note.ts';
import { checkProof, formatProof, type Proof, parseProof, proofFromJson, proofToJson } from './proof.ts';
import { readingLeaf } from './testing/chain-builder.ts';
import { bytesOf, goldenSigner, hashOf, readGolden } from './testing/golden.ts';
import { enrolmentLeaf, firstUseLeaf, revocationLeaf } from './testing/registry-leaves.ts';
import { type SigningKey, testKey } from './testing/signing-key.ts';

const golden = readGolden();
const { vectors, ledger, device, rotatedTo } = golden;
const { origin } = vectors;
const verifier = verifierFrom({ name: origin, key: ledger.key });
const leaves = vectors.leaves.map((leaf) => bytesOf(leaf.leaf));
const tree = new MerkleTree(vectors.leaves.map((leaf) => hashOf(leaf.leaf_hash)));
/** A reading of the golden chain, and its proof. */
const readingIndex = vectors.leaves.findIndex((leaf) => leaf.kind === 1);
const readingProof = goldenProof(readingIndex);

describe('a proof', () => {
  it('shows every leaf of the golden chain, in the tree of its checkpoint', async () => {
    for (const [leafIndex, vector] of vectors.leaves.entries()) {
      const proof = goldenProof(leafIndex);
      for (const read of [
        parseProof(formatProof(proof)),
        proofFromJson(JSON.parse(JSON.stringify(proofToJson(proof)))),
      ]) {
        if (!read.ok) throw new Error(read.message);
        const checked = await checkProof({ proof: read.value, verifier });
        if (!checked.ok) throw new Error(`leaf ${leafIndex}: ${checked.message}`);
        expect(checked.value).toMatchObject({ leafIndex, checkpoint: { origin, size: 12 } });
        expect(toHex(checked.value.leafHash)).toBe(vector.leaf_hash);
        expect(toHex(checked.value.transactionId)).toBe(vector.transaction_id);
        expect(checked.value.reading !== undefined).toBe(vector.kind === 1);
      }
    }
  });

  it('names the reading’s device, or the key’s own where it has none', async () => {
    const key = testKey(9);
    for (const [message, expected] of [
      ['{"device":"a","seq":7}', { device: 'a', seq: 7 }],
      ['{}', { device: toHex(key.key.keyId).slice(0, 16) }],
    ] as const) {
      const checked = await checkSingle({ leaf: readingLeaf({ by: key, message, receivedAtUs: 5 }), by: key });
      expect(checked).toMatchObject({ ok: true, value: { reading: expected, key: key.key } });
    }
  });

  it('is laid out as C2SP tlog-proof says', () => {
    const [first, extra, index, ...rest] = formatProof(readingProof).split('\n');
    expect(first).toBe('c2sp.org/tlog-proof@v1');
    const { leaf, spki } = readingProof;
    expect(extra).toBe(`extra ${toBase64(concat(Uint8Array.of(leaf.length >> 8, leaf.length & 255), leaf, spki))}`);
    expect(index).toBe(`index ${readingIndex}`);
    const path = readingProof.path.map((hash) => Buffer.from(hash).toString('base64'));
    expect(rest).toEqual([...path, '', ...vectors.checkpoint.note.split('\n')]);
  });

  it('of a log of one leaf has an empty path', async () => {
    const key = testKey(9);
    const leaf = readingLeaf({ by: key, message: '{}', receivedAtUs: 5 });
    const proof = singleProof({ leaf, by: key });
    expect(formatProof(proof)).toContain('\nindex 0\n\nexample.com/log\n1\n');
    expect(parseProof(formatProof(proof))).toEqual({ ok: true, value: proof });
    expect(await checkSingle({ leaf, by: key })).toMatchObject({ ok: true });
  });

  it('is refused whichever of its characters is another', async () => {
    const text = formatProof(readingProof);
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
      const parsed = parseProof(changed);
      const isGood = parsed.ok && (await checkProof({ proof: parsed.value, verifier })).ok;
      expect(isGood, `character ${at}`).toBe(false);
    }
  });
});

describe('parseProof', () => {
  const text = formatProof(readingProof);
  const [first = '', extra = '', index = ''] = text.split('\n');
  it.each([
    ['nothing', ''],
    ['another version', text.replace('@v1', '@v2')],
    ['a carriage return', text.replaceAll('\n', '\r\n')],
    ['no extra data', text.replace(`${extra}\n`, '')],
    ['empty extra data', text.replace(extra, 'extra ')],
    ['extra data in two spaces', text.replace('extra ', 'extra  ')],
    ['extra data behind the index', text.replace(`${extra}\n${index}`, `${index}\n${extra}`)],
    ['a leaf without a key', text.replace(extra, `extra ${toBase64(extraOf(readingProof.leaf, new Uint8Array(0)))}`)],
    [
      'a leaf that is too short',
      text.replace(extra, `extra ${toBase64(extraOf(new Uint8Array(43), readingProof.spki))}`),
    ],
    ['a length past the end', text.replace(extra, `extra ${toBase64(Uint8Array.of(255, 255, 1))}`)],
    ['a single byte of extra data', text.replace(extra, `extra ${toBase64(Uint8Array.of(1))}`)],
    ['no index', text.replace(`${index}\n`, '')],
    ['a leading zero', text.replace(index, `index 0${readingIndex}`)],
    ['a sign', text.replace(index, `index +${readingIndex}`)],
    ['an index past 2^53', text.replace(index, 'index 9007199254740992')],
    ['a path of 64 hashes', text.replace(index, index + `\n${toBase64(new Uint8Array(32))}`.repeat(64))],
    ['a hash of 31 bytes', text.replace(index, `${index}\n${toBase64(new Uint8Array(31))}`)],
    ['no checkpoint', text.slice(0, text.indexOf('\n\n') + 1)],
    ['a line before it', `\n${first}${text}`],
  ])('refuses %s', (_what, changed) => {
    expect(changed).not.toBe(text);
    expect(parseProof(changed)).toMatchObject({ ok: false, code: 'proof-malformed' });
  });
});

describe('proofFromJson', () => {
  const json = proofToJson(readingProof);
  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'proof'],
    ['no index', { ...json, leaf_index: undefined }],
    ['an index that is a text', { ...json, leaf_index: '1' }],
    ['a fraction', { ...json, leaf_index: 0.5 }],
    ['a negative index', { ...json, leaf_index: -1 }],
    ['no path', { ...json, path: undefined }],
    ['a path of numbers', { ...json, path: [1] }],
    ['a hash in upper case', { ...json, path: ['AB'.repeat(32)] }],
    ['a hash of 31 bytes', { ...json, path: ['00'.repeat(31)] }],
    ['a path of 64 hashes', { ...json, path: Array.from({ length: 64 }, () => '00'.repeat(32)) }],
    ['a checkpoint that is no text', { ...json, checkpoint: 1 }],
    ['a leaf that is no base64', { ...json, leaf: '*' }],
    ['no key', { ...json, public_key: undefined }],
  ])('refuses %s', (_what, value) => {
    expect(proofFromJson(value)).toMatchObject({ ok: false, code: 'proof-malformed' });
  });
});

describe('checkProof refuses', () => {
  it('another index, path or leaf', async () => {
    const { path } = readingProof;
    const other = goldenProof(readingIndex === 0 ? 1 : readingIndex - 1);
    for (const changed of [
      { ...readingProof, leafIndex: readingIndex + 1 },
      { ...readingProof, leafIndex: 12 },
      { ...readingProof, path: path.slice(1) },
      { ...readingProof, path: [...path, tree.root()] },
      { ...readingProof, leaf: other.leaf, spki: other.spki },
    ]) {
      expect(await checkProof({ proof: changed, verifier })).toMatchObject({ ok: false, code: 'proof-inclusion' });
    }
  });

  it('the checkpoint of another ledger', async () => {
    for (const wrong of [
      verifierFrom({ name: origin, key: device.key }),
      verifierFrom({ name: 'elsewhere', key: ledger.key }),
    ]) {
      expect(await checkProof({ proof: readingProof, verifier: wrong })).toMatchObject({ code: 'note-unsigned' });
    }
  });

  it('a key that is not the one that the leaf names, or none at all', async () => {
    for (const [index, wrong] of [
      [readingIndex, rotatedTo],
      [vectors.leaves.findIndex((leaf) => leaf.message.includes('"authority":"rotation"')), rotatedTo],
      [vectors.leaves.findIndex((leaf) => leaf.kind === 3), rotatedTo],
      [0, ledger],
    ] as const) {
      const proof = { ...goldenProof(index), spki: wrong.key.spki };
      expect(await checkProof({ proof, verifier }), `leaf ${index}`).toMatchObject({ code: 'key-mismatch' });
    }
    const proof = { ...readingProof, spki: readingProof.spki.subarray(1) };
    expect(await checkProof({ proof, verifier })).toMatchObject({ ok: false, code: 'proof-key' });
  });

  it('a leaf of the tree whose own signature is wrong', async () => {
    const key = testKey(9);
    const leaf = readingLeaf({ by: key, message: '{"seq":1}', receivedAtUs: 5 });
    leaf[50] = 1 ^ (leaf[50] ?? 0);
    expect(await checkSingle({ leaf, by: key })).toMatchObject({ ok: false, code: 'leaf-signature' });
  });

  it('a leaf of the tree that is no reading, or of another algorithm', async () => {
    const key = testKey(9);
    const noJson = readingLeaf({ by: key, message: '{"seq":1', receivedAtUs: 5 });
    expect(await checkSingle({ leaf: noJson, by: key })).toMatchObject({ ok: false, code: 'message-invalid' });
    const otherAlgorithm = readingLeaf({ by: key, message: '{}', receivedAtUs: 5 }).with(1, 2);
    expect(await checkSingle({ leaf: otherAlgorithm, by: key })).toMatchObject({ ok: false, code: 'leaf-algorithm' });
    expect(decodeLeaf(otherAlgorithm).ok).toBe(true);
  });

  it('registry leaves that someone else signed', async () => {
    const own = testKey(9);
    const subject = testKey(8);
    const at = { devices: ['a'], origin: 'example.com/log', receivedAtUs: 5 };
    const log = testKey(7);
    const byLedger = enrolmentLeaf({ ...at, authority: 'token', by: log, subject });
    expect(await checkSingle({ leaf: byLedger, by: log, log })).toMatchObject({ ok: true });
    for (const [leaf, by] of [
      // Only the ledger itself is authority for a token: another key, named as the signer, is not enough.
      [enrolmentLeaf({ ...at, authority: 'token', by: own, subject }), own],
      [enrolmentLeaf({ ...at, authority: 'rotation', by: own, subject, possessor: own }), own],
      [
        revocationLeaf({ authority: 'admin', by: own, keyId: subject.key.keyId, origin: at.origin, receivedAtUs: 5 }),
        own,
      ],
      [revocationLeaf({ authority: 'self', by: own, keyId: own.key.keyId, origin: 'elsewhere', receivedAtUs: 5 }), own],
    ] as const) {
      expect(await checkSingle({ leaf, by, log })).toMatchObject({ ok: false, code: 'leaf-signature' });
    }
    const otherKeyId = firstUseLeaf({ key: { ...own.key, keyId: subject.key.keyId }, devices: [], receivedAtUs: 5 });
    expect(await checkSingle({ leaf: otherKeyId, by: own, log })).toMatchObject({ ok: false, code: 'key-mismatch' });
  });
});

function goldenProof(leafIndex: number): Proof {
  const vector = vectors.leaves[leafIndex];
  if (!vector) throw new RangeError(`no golden leaf ${leafIndex}`);
  return {
    leafIndex,
    path: proveInclusion({ leafIndex, treeSize: leaves.length }, tree.node),
    checkpoint: vectors.checkpoint.note,
    leaf: bytesOf(vector.leaf),
    spki: (goldenSigner(golden, vector).signer ?? device).key.spki,
  };
}

/** A proof of the only leaf of a log. */
function singleProof({ leaf, by, log = testKey(7) }: { leaf: Uint8Array; by: SigningKey; log?: SigningKey }): Proof {
  const checkpoint = { origin: 'example.com/log', size: 1, root: leafHash(leaf) };
  const note = signCheckpoint(checkpoint, { spki: log.key.spki, sign: log.sign });
  return { leafIndex: 0, path: [], checkpoint: note, leaf, spki: by.key.spki };
}

function checkSingle(at: { leaf: Uint8Array; by: SigningKey; log?: SigningKey }) {
  const { key } = at.log ?? testKey(7);
  return checkProof({ proof: singleProof(at), verifier: verifierFrom({ name: 'example.com/log', key }) });
}

function verifierFrom(signer: Parameters<typeof noteVerifierOf>[0]): NoteVerifier {
  const made = noteVerifierOf(signer);
  if (!made.ok) throw new Error(made.message);
  return made.value;
}

function extraOf(leaf: Uint8Array, spki: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(leaf.length >> 8, leaf.length & 255), leaf, spki);
}

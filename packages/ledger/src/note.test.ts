// Signed notes: the example of the Go module that C2SP signed-note comes from, and every malformed note.

import { describe, expect, it } from 'vitest';
import { concat, toBase64, toHex, utf8 } from './bytes.ts';
import { sha256 } from './hash.ts';
import { formatVerifierKey, noteKeyHash, openNote, parseNote, parseVerifierKey, signNote } from './note.ts';
import { readGolden } from './testing/golden.ts';
import { testKey } from './testing/signing-key.ts';

const { vectors } = readGolden();

/** The example of golang.org/x/mod/sumdb/note, whose format C2SP signed-note is. */
const GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_SIGNED = `${GO_TEXT}
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;
const GO_ENOCH =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';
const GO_KEYS = {
  peter: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
  enoch: 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop',
};

const name = 'example.com/log';
const own = testKey(1);
const other = testKey(2);
const ownVerifier = verifierFrom(formatVerifierKey(name, own.key.spki));
const signed = signNote({ text: 'a text\n', name, spki: own.key.spki, sign: own.sign });
const [ownLine = ''] = signed.split('\n\n').slice(1);
const otherLine = signNote({ text: 'a text\n', name: 'witness', spki: other.key.spki, sign: other.sign }).split(
  '\n\n',
)[1];

describe('openNote', () => {
  it('opens the note of golang.org/x/mod/sumdb/note, signed by one and by two', async () => {
    for (const source of [GO_SIGNED, GO_SIGNED + GO_ENOCH]) {
      const note = await openNote(source, verifierFrom(GO_KEYS.peter));
      expect(note).toMatchObject({ ok: true, value: { text: GO_TEXT } });
    }
    expect((await openNote(GO_SIGNED + GO_ENOCH, verifierFrom(GO_KEYS.enoch))).ok).toBe(true);
    expect(await openNote(GO_SIGNED, verifierFrom(GO_KEYS.enoch))).toMatchObject({ ok: false, code: 'note-unsigned' });
  });

  it('passes over signatures of unknown keys, also those that use the known name', async () => {
    const sameName = signNote({ text: 'a text\n', name, spki: other.key.spki, sign: own.sign }).split('\n\n')[1];
    for (const line of [otherLine, sameName, '— witness AAAAAAA=\n']) {
      expect((await openNote(`a text\n\n${line}${ownLine}`, ownVerifier)).ok).toBe(true);
      expect((await openNote(`${signed}${line}`, ownVerifier)).ok).toBe(true);
      expect(await openNote(`a text\n\n${line}`, ownVerifier)).toMatchObject({ ok: false, code: 'note-unsigned' });
    }
  });

  it('refuses a wrong signature of the known key, also beside a right one', async () => {
    const wrong = signNote({ text: 'another text\n', name, spki: own.key.spki, sign: own.sign }).split('\n\n')[1];
    for (const source of [`a text\n\n${wrong}`, `${signed}${wrong}`, `a text\n\n${wrong}${ownLine}`]) {
      expect(await openNote(source, ownVerifier)).toMatchObject({ ok: false, code: 'note-signature' });
    }
    const short = `a text\n\n— ${name} ${toBase64(Uint8Array.of(...ownVerifier.keyHash, 1))}\n`;
    expect(await openNote(short, ownVerifier)).toMatchObject({ ok: false, code: 'note-signature' });
  });

  it('opens no note of which one character was changed', async () => {
    for (let at = 0; at < signed.length; at++) {
      const changed = `${signed.slice(0, at)}${signed[at] === 'A' ? 'B' : 'A'}${signed.slice(at + 1)}`;
      expect((await openNote(changed, ownVerifier)).ok, changed).toBe(false);
    }
  });

  it('covers the text to its last line feed, empty lines included', async () => {
    const text = 'first\n\nsecond\n\n';
    const note = signNote({ text, name, spki: own.key.spki, sign: own.sign });
    expect(await openNote(note, ownVerifier)).toMatchObject({ ok: true, value: { text } });
  });
});

describe('parseNote', () => {
  it.each([
    ['nothing', ''],
    ['no signature lines', 'a text\n'],
    ['an empty list of signatures', 'a text\n\n'],
    ['no line feed at the end', signed.slice(0, -1)],
    ['one line feed too many', `${signed}\n`],
    ['no empty line', `a text\n${ownLine}`],
    ['a hyphen for the dash', signed.replace('—', '-')],
    ['two spaces', signed.replace(`${name} `, `${name}  `)],
    ['no name', signed.replace(`${name} `, '')],
    ['a plus sign in the name', signed.replace(name, 'a+b')],
    ['a no-break space in the name', signed.replace(name, 'a\u00a0b')],
    ['a next-line character in the name', signed.replace(name, 'a\u0085b')],
    ['base64 without padding', signed.replace(/=+\n$/, '\n')],
    ['base64 with stray bits', 'a text\n\n— witness AAAAAAF=\n'],
    ['a key hash without a signature', 'a text\n\n— witness AAAAAA==\n'],
    ['a carriage return', signed.replaceAll('\n', '\r\n')],
    ['a tab in the text', signed.replace('a text', 'a\ttext')],
    ['a null character in the text', signed.replace('a text', 'a\0text')],
    ['another line between the signatures', `${signed}comment\n`],
    ['more signatures than anyone needs', `a text\n\n${ownLine.repeat(65)}`],
  ])('refuses %s', (_what, source) => {
    expect(parseNote(source)).toMatchObject({ ok: false, code: 'note-malformed' });
  });

  it('gives text and signatures without believing any', () => {
    const note = parseNote(`any text\n\n${otherLine}${ownLine}`);
    if (!note.ok) throw new Error(note.message);
    expect(note.value.text).toBe('any text\n');
    expect(note.value.signatures.map((signature) => signature.name)).toEqual(['witness', name]);
    expect(note.value.signatures[1]?.signature).toHaveLength(64);
    expect(toHex(note.value.signatures[1]?.keyHash ?? own.key.spki)).toBe(toHex(ownVerifier.keyHash));
  });
});

describe('a verifier key', () => {
  it('reads back what was written', async () => {
    expect(ownVerifier.name).toBe(name);
    expect(toHex(ownVerifier.keyHash)).toBe(toHex(noteKeyHash(name, own.key.spki.subarray(12))));
    expect((await openNote(signed, ownVerifier)).ok).toBe(true);
  });

  it('is refused when its hash is not that of its name and key', () => {
    const [, hash = ''] = vectors.checkpoint.verifier_key.split('+');
    const otherHash = `${hash.startsWith('0') ? '1' : '0'}${hash.slice(1)}`;
    for (const text of [
      vectors.checkpoint.verifier_key.replace(hash, otherHash),
      vectors.checkpoint.verifier_key.replace('telltale.local', 'telltale.example'),
    ]) {
      expect(parseVerifierKey(text)).toMatchObject({ ok: false, code: 'verifier-key-malformed' });
    }
  });

  it.each([
    ['nothing', ''],
    ['no key', 'a+00000000'],
    ['a hash in upper case', GO_KEYS.peter.replace('c74f20a3', 'C74F20A3')],
    ['text behind it', `${GO_KEYS.peter}\n`],
    ['a space in the name', GO_KEYS.peter.replace('Peter', 'Peter ')],
    // Type 0x04 is that of cosignatures, and its key hash is right.
    ['another signature type', keyOfType(0x04)],
    [
      'a key of small order',
      formatVerifierKey(name, Uint8Array.of(...own.key.spki.subarray(0, 12), ...new Uint8Array(32))),
    ],
  ])('is refused with %s', (_what, text) => {
    expect(parseVerifierKey(text)).toMatchObject({ ok: false, code: 'verifier-key-malformed' });
  });
});

describe('signNote', () => {
  it('throws for a text that does not end in a line feed', () => {
    expect(() => signNote({ text: 'a text', name, spki: own.key.spki, sign: own.sign })).toThrow(TypeError);
  });
});

function verifierFrom(text: string) {
  const verifier = parseVerifierKey(text);
  if (!verifier.ok) throw new Error(verifier.message);
  return verifier.value;
}

function keyOfType(type: number): string {
  const [keyName, , base64 = ''] = GO_KEYS.peter.split('+');
  const typed = Buffer.from(base64, 'base64');
  typed[0] = type;
  const hash = sha256(concat(utf8(`${keyName}\n`), typed)).subarray(0, 4);
  return `${keyName}+${toHex(hash)}+${typed.toString('base64')}`;
}

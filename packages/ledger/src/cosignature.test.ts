// Cosignatures: a checkpoint of a public log with those of four public witnesses, and our own, right and spoilt.

import { describe, expect, it } from 'vitest';
import { fromBase64, toBase64 } from './bytes.ts';
import { signCheckpoint } from './checkpoint.ts';
import { cosignCheckpoint, formatCosignerKey, openCosignature, parseCosignerKey } from './cosignature.ts';
import { EMPTY_ROOT } from './merkle.ts';
import { formatVerifierKey, openNote, parseVerifierKey } from './note.ts';
import { testKey } from './testing/signing-key.ts';

/** The checkpoint of the public log arche2025h1.staging.ct.transparency.dev at size 1432088532, as its witnesses published it in May 2026. */
const PUBLIC_CHECKPOINT = `arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
`;
/** The verifier keys that those witnesses publish. */
const PUBLIC_KEYS = [
  'transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM',
  'witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO',
  'remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2',
  'witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv',
];
/** 0x6a122120 in each of the lines above. */
const PUBLIC_TIME_S = 1_779_573_024;

const log = testKey(1);
const witness = testKey(2);
const name = 'witness.example/w1';
const key = formatCosignerKey(name, witness.key.spki);
const signed = signCheckpoint(
  { origin: 'example.com/log', size: 0, root: EMPTY_ROOT },
  { spki: log.key.spki, sign: log.sign },
);
const checkpointText = signed.slice(0, signed.indexOf('\n\n') + 1);
const line = cosign(1_679_315_147);

describe('a cosignature', () => {
  it('of each public witness verifies, with its time', async () => {
    for (const text of PUBLIC_KEYS) {
      const cosignature = await openCosignature(PUBLIC_CHECKPOINT, cosignerFrom(text));
      expect(cosignature, text).toMatchObject({ ok: true, value: { timeS: PUBLIC_TIME_S } });
      if (cosignature.ok) expect(PUBLIC_CHECKPOINT).toContain(cosignature.value.line);
    }
  });

  it('of each public witness is wrong over any other checkpoint', async () => {
    for (const [from, to] of [
      ['1432088532', '1432088533'],
      ['U7WM', 'U7WN'],
      ['arche2025h1.staging.ct.transparency.dev\n1', 'arche2025h2.staging.ct.transparency.dev\n1'],
      ['4Ro=\n', '4Ro=\nextension\n'],
    ] as const) {
      for (const text of PUBLIC_KEYS) {
        const changed = PUBLIC_CHECKPOINT.replace(from, to);
        expect(await openCosignature(changed, cosignerFrom(text))).toMatchObject({
          ok: false,
          code: 'cosignature-wrong',
        });
      }
    }
  });

  it('reads back with its time, extension lines included', async () => {
    for (const text of [checkpointText, `${checkpointText}extension\n`]) {
      const note = `${text}\n${cosign(1, text)}`;
      expect(await openCosignature(note, cosignerFrom(key))).toEqual({
        ok: true,
        value: { timeS: 1, line: cosign(1, text) },
      });
    }
  });

  it('stands beside the log’s own signature, and neither spoils the other', async () => {
    const logVerifier = parseVerifierKey(formatVerifierKey('example.com/log', log.key.spki));
    if (!logVerifier.ok) throw new Error(logVerifier.message);
    expect((await openNote(signed + line, logVerifier.value)).ok).toBe(true);
    expect((await openCosignature(signed + line, cosignerFrom(key))).ok).toBe(true);
    expect((await openNote(signed + line, cosignerFrom(key))).ok).toBe(true);
  });

  it('is missing where another signed, or the same key as a log', async () => {
    const plain = signCheckpoint(
      { origin: name, size: 0, root: EMPTY_ROOT },
      { spki: witness.key.spki, sign: witness.sign },
    );
    for (const note of [signed, plain, signed + cosign(1).replace(name, 'witness.example/w2')]) {
      expect(await openCosignature(note, cosignerFrom(key))).toMatchObject({ ok: false, code: 'cosignature-missing' });
    }
  });

  it('counts by the newest of several, and not at all when one of them is wrong', async () => {
    const several = await openCosignature(signed + cosign(5) + cosign(9) + cosign(7), cosignerFrom(key));
    expect(several).toMatchObject({ ok: true, value: { timeS: 9 } });
    const wrong = cosign(5, 'another text\n');
    for (const note of [signed + line + wrong, signed + wrong + line]) {
      expect(await openCosignature(note, cosignerFrom(key))).toMatchObject({ ok: false, code: 'cosignature-wrong' });
    }
  });

  it('is refused whichever of its bytes is another', async () => {
    const bytes = fromBase64(line.trimEnd().split(' ')[2] ?? '') ?? new Uint8Array(0);
    expect(bytes).toHaveLength(76);
    for (const [at, byte] of bytes.entries()) {
      const note = `${signed}— ${name} ${toBase64(bytes.with(at, byte ^ 1))}\n`;
      expect((await openCosignature(note, cosignerFrom(key))).ok, `byte ${at}`).toBe(false);
    }
    for (const changed of [bytes.subarray(0, 75), Uint8Array.of(...bytes, 0), bytes.subarray(0, 5)]) {
      const note = `${signed}— ${name} ${toBase64(changed)}\n`;
      expect(await openCosignature(note, cosignerFrom(key))).toMatchObject({ ok: false, code: 'cosignature-wrong' });
    }
  });

  it('needs a note, a text that ends in a line feed, and a time', async () => {
    expect(await openCosignature('no note', cosignerFrom(key))).toMatchObject({ ok: false, code: 'note-malformed' });
    expect(() => cosign(1, 'a text')).toThrow(TypeError);
    for (const timeS of [-1, 0.5, Number.NaN, 2 ** 53]) expect(() => cosign(timeS)).toThrow(RangeError);
  });
});

describe('a cosigner’s key', () => {
  it('is not the key of a log, nor the other way round', () => {
    expect(parseCosignerKey(formatVerifierKey(name, witness.key.spki))).toMatchObject({
      code: 'verifier-key-malformed',
    });
    expect(parseVerifierKey(key)).toMatchObject({ ok: false, code: 'verifier-key-malformed' });
    for (const text of PUBLIC_KEYS) expect(parseCosignerKey(text).ok).toBe(true);
  });
});

function cosign(timeS: number, text = checkpointText): string {
  return cosignCheckpoint({ checkpointText: text, timeS, name, spki: witness.key.spki, sign: witness.sign });
}

function cosignerFrom(text: string) {
  const verifier = parseCosignerKey(text);
  if (!verifier.ok) throw new Error(verifier.message);
  return verifier.value;
}

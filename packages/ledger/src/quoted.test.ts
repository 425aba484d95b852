// What an error message shows of a name that a stranger chose.

import { describe, expect, it } from 'vitest';
import { utf8 } from './bytes.ts';
import { parsePublicKeyPem } from './keys.ts';
import { quoted } from './quoted.ts';
import { parseReading } from './reading.ts';

describe('quoted', () => {
  it('shows a text of 100 characters whole, escaped as JSON', () => {
    expect(quoted('')).toBe('""');
    expect(quoted('a"b\n')).toBe('"a\\"b\\n"');
    expect(quoted('x'.repeat(100))).toBe(`"${'x'.repeat(100)}"`);
  });

  it('cuts a longer one, also in the middle of a character', () => {
    expect(quoted('x'.repeat(101))).toBe(`"${'x'.repeat(100)}…"`);
    expect(quoted(`${'x'.repeat(99)}😀`)).toBe(`"${'x'.repeat(99)}\\ud83d…"`);
  });

  it('keeps the messages of refusals short, whatever the name that they show', () => {
    const name = 'n'.repeat(10_000);
    const twice = parseReading(utf8(`{"${name}":1,"${name}":2}`));
    expect(!twice.ok && twice.message.length).toBeLessThan(200);
    const label = 'X'.repeat(10_000);
    const key = parsePublicKeyPem(`-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`);
    expect(!key.ok && key.message.length).toBeLessThan(200);
  });
});

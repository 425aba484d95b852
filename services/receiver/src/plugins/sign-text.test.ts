// The ledger's signature on a plugin's texts, and on none of its own.

import { asHash, asKeyId, blockText, enrolText, possessionText, receiptText, revokeText, utf8 } from '@telltale/ledger';
import { describe, expect, it } from 'vitest';
import { pluginSigner } from './sign-text.ts';

const bytes = new Uint8Array(32);
const origin = 'example.org/log';
const at = { origin, keyId: asKeyId(bytes), nonce: 'ab' };
const sign = pluginSigner((text) => text);

describe('what a plugin has signed', () => {
  it.each(['telltale-ring-record-v1\nanything', 'telltale-counts-v12\n'])('may be %j', (text) => {
    expect(sign(utf8(text))).toEqual(utf8(text));
  });

  it.each([
    ['a block', blockText({ origin, hash: asHash(bytes) })],
    ['receipts', receiptText({ origin, root: asHash(bytes), sealByUs: 0 })],
    ['possession of a key', possessionText(at)],
    ['an enrolment', enrolText({ ...at, devices: [] })],
    ['a revocation', revokeText({ ...at, reason: '' })],
    ['a checkpoint', utf8(`${origin}\n1\nAAAA\n`)],
    ['a reading', utf8('{"device":"a"}')],
    ['a later version of a block', utf8('telltale-block-v2\n')],
    ['no line at all', utf8('telltale-counts-v1')],
    ['nothing', new Uint8Array(0)],
  ])('is never %s', (_, text) => {
    expect(() => sign(text)).toThrow();
  });
});

// The bytes of the hello, as other implementations would have to make them.

import { describe, expect, it } from 'vitest';
import { idOfNode } from '../node-id.ts';
import { helloText, parseAnswer, parseChallenge } from './hello.ts';

const dialer = idOfNode(new Uint8Array(32).fill(1));
const acceptor = idOfNode(new Uint8Array(32).fill(2));
const terms = { ring: 'ab'.repeat(32), dialer, acceptor, dialerNonce: '11'.repeat(32), acceptorNonce: '22'.repeat(32) };

describe('helloText', () => {
  it('is lines of purpose, role, ring, nodes and nonces', () => {
    expect(Buffer.from(helloText(terms, 'dialer')).toString()).toBe(
      `telltale-hello-v1\ndialer\n${terms.ring}\n${dialer}\n${acceptor}\n${terms.dialerNonce}\n${terms.acceptorNonce}\n`,
    );
  });

  it('differs with each of its parts, and between the roles', () => {
    const other = '33'.repeat(32);
    const texts = [
      helloText(terms, 'dialer'),
      helloText(terms, 'acceptor'),
      helloText({ ...terms, ring: other }, 'dialer'),
      helloText({ ...terms, dialer: acceptor }, 'dialer'),
      helloText({ ...terms, acceptor: dialer }, 'dialer'),
      helloText({ ...terms, dialerNonce: other }, 'dialer'),
      helloText({ ...terms, acceptorNonce: other }, 'dialer'),
    ].map((text) => Buffer.from(text).toString());
    expect(new Set(texts).size).toBe(texts.length);
  });
});

describe('what a hello says', () => {
  // The point (0, 1), of order 1: a signature by it fits many messages.
  const smallOrder = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)]).toString('base64');

  it.each([
    ['a small-order key', { ring: terms.ring, key: smallOrder, nonce: terms.dialerNonce }],
    ['a short nonce', { ring: terms.ring, key: Buffer.alloc(32, 9).toString('base64'), nonce: '11' }],
    ['no ring', { key: Buffer.alloc(32, 9).toString('base64'), nonce: terms.dialerNonce }],
    ['nothing', null],
  ])('is malformed with %s', (_name, body) => {
    expect(parseChallenge(body)).toBeUndefined();
    expect(parseAnswer(body === null ? null : { ...body, signature: 'AAAA' })).toBeUndefined();
  });
});

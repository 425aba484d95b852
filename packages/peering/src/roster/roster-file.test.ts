// The ROSTER file: what it gives, and what is said about a wrong one.

import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nodeIdOf } from '../node-id.ts';
import { formatNodeKey, nodeIdentityOf } from '../transport/node-identity.ts';
import { newIdentity } from '../transport/testing/test-nodes.ts';
import { parseAddress } from './address.ts';
import { admissionOf } from './ring-roster.ts';
import { parseRosterFile } from './roster-file.ts';

const pairs = Array.from({ length: 4 }, () => generateKeyPairSync('ed25519'));
const keys = pairs.map((pair) => nodeIdentityOf(pair.privateKey));
const nodes = keys.map((key, at) => ({
  name: `receiver-${at}`,
  public_key: formatNodeKey(key),
  address: `127.0.0.${at + 2}:5001`,
  weight: 1,
}));
const [self = newIdentity()] = keys;
const textOf = (file: unknown): string => JSON.stringify(file);
const parse = (file: unknown) => parseRosterFile(textOf(file), self);

describe('parseRosterFile', () => {
  it('gives the nodes, r by their number, and who is admitted', () => {
    const roster = parse({ ring: 'cold chain', nodes });
    expect(roster.r).toBe(2);
    expect(roster.contacts.map((contact) => contact.port)).toEqual([5001, 5001, 5001, 5001]);
    expect(roster.nodes[0]).toEqual({ id: self.id, name: 'receiver-0', weight: 1 });
    const admission = admissionOf(roster);
    expect(admission.standing(self.id)).toBe('member');
    expect(admission.standing(nodeIdOf(new Uint8Array(32)))).toBe('stranger');
    expect(admission.contactOf(self.id)).toEqual({ id: self.id, host: '127.0.0.2', port: 5001 });
  });

  it('names the ring by content: not by order, spaces, the form of a key or a weight that is left out', () => {
    const spki = pairs[1]?.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const other = nodes.toReversed().map(({ weight: _weight, ...node }) => {
      return node.name === 'receiver-1' ? { ...node, public_key: spki } : node;
    });
    const ringId = parse({ ring: 'a', nodes }).ringId;
    expect(parseRosterFile(JSON.stringify({ ring: 'a', nodes: other }, null, 4), self).ringId).toBe(ringId);
    expect(parse({ ring: 'b', nodes }).ringId).not.toBe(ringId);
    expect(parse({ ring: 'a', nodes: nodes.slice(0, 3) }).ringId).not.toBe(ringId);
    expect(parse({ ring: 'a', nodes: nodes.map((node) => ({ ...node, weight: 2 })) }).ringId).not.toBe(ringId);
  });

  // Computed with Python's hashlib and json, not with this code.
  it('keeps the ring id of a frozen file', () => {
    const raw = [1, 2].map((fill) => nodeIdentityOf(privateKeyOf(fill)));
    const frozen = raw.map((key, at) => ({ name: `n${at}`, public_key: formatNodeKey(key), address: `h${at}:1` }));
    const roster = parseRosterFile(textOf({ ring: 'r', nodes: frozen }), raw[0] ?? self);
    expect(roster.ringId).toBe('366c58dfe01db010db3951d5b5eea5a36e5cd174c16d525a5cb3cf468c7a9dd5');
  });

  it.each([
    ['no JSON', '{', /not JSON/],
    ['no nodes', textOf({ ring: 'a', nodes: [] }), /nodes: /],
    ['an unknown member', textOf({ ring: 'a', nodes, more: 1 }), /more/],
    [
      'a key twice',
      textOf({ ring: 'a', nodes: [...nodes, { ...nodes[1], name: 'x', address: 'x:1' }] }),
      /nodes\.4\.public_key: the same as in nodes\.1/,
    ],
    [
      'an address twice',
      textOf({ ring: 'a', nodes: nodes.map((node) => ({ ...node, address: 'x:1' })) }),
      /nodes\.3\.address: the same/,
    ],
    [
      'a wrong address',
      textOf({ ring: 'a', nodes: [nodes[0], { ...nodes[1], address: 'x:99999' }] }),
      /nodes\.1\.address: is not host:port/,
    ],
    [
      'a wrong key',
      textOf({ ring: 'a', nodes: [nodes[0], { ...nodes[1], public_key: 'AAAA' }] }),
      /nodes\.1\.public_key: is not an Ed25519/,
    ],
    [
      'without this receiver',
      textOf({ ring: 'a', nodes: nodes.slice(1) }),
      `own public key, ${formatNodeKey(self)}, is not among the nodes`,
    ],
  ])('says what is wrong with %s', (_name, text, message) => {
    expect(() => parseRosterFile(text, self)).toThrow(message);
  });
});

describe('parseAddress', () => {
  it('reads names, IPv4 and IPv6 in brackets', () => {
    expect(parseAddress('receiver-1:5001')).toEqual({ host: 'receiver-1', port: 5001 });
    expect(parseAddress('[::1]:80')).toEqual({ host: '::1', port: 80 });
  });

  it.each(['', 'a', 'a:', ':1', 'a:0', 'a:65536', '::1:80', 'a b:1', 'http://a:1'])('refuses %j', (text) => {
    expect(parseAddress(text)).toBeUndefined();
  });
});

/** The Ed25519 key whose 32 secret bytes are all the same (RFC 8410 section 7 around them). */
function privateKeyOf(fill: number) {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, fill)]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

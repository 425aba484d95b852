import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { between, idOfNode, type NodeId, nodeIdOf, owns, parseNodeId, pointAfter } from './node-id.ts';

const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(nodeIdOf);

describe('identifiers of the ring', () => {
  it('are read from 64 lowercase hex digits only', () => {
    fc.assert(fc.property(id, (x) => parseNodeId(x) === x));
    for (const text of ['', 'ab', 'A'.repeat(64), `${'a'.repeat(64)}\n`, 'g'.repeat(64)]) {
      expect(parseNodeId(text)).toBeUndefined();
    }
    expect(() => nodeIdOf(new Uint8Array(31))).toThrow(RangeError);
  });

  it('of a node are the hash of its key behind a fixed text', () => {
    expect(idOfNode(new Uint8Array(32))).toBe('5087e1e7f89236e8cff98800966ff96de6ebc0a2c917d85b3b397d6612cc3c6c');
  });

  it('stand between two others in exactly one of the two arcs, unless they are one of the ends', () => {
    fc.assert(
      fc.property(id, id, id, (a, x, b) => {
        fc.pre(a !== b);
        const cases = [x === a, x === b, between(a, x, b), between(b, x, a)];
        expect(cases.filter(Boolean)).toHaveLength(1);
      }),
    );
  });

  it('all stand between a node and itself, but the node', () => {
    fc.assert(fc.property(id, id, (a, x) => between(a, x, a) === (x !== a)));
  });

  it('stand where they are however the circle is turned', () => {
    fc.assert(
      fc.property(id, id, id, fc.nat(255), (a, x, b, exponent) => {
        const turned = (point: NodeId) => pointAfter(point, exponent);
        expect(between(turned(a), turned(x), turned(b))).toBe(between(a, x, b));
      }),
    );
  });

  it('close the circle where flowchain-ledger gave the complement', () => {
    const at = (byte: number) => nodeIdOf(new Uint8Array(32).fill(byte));
    expect(between(at(0xf0), at(0x05), at(0x10))).toBe(true);
    expect(between(at(0xf0), at(0x80), at(0x10))).toBe(false);
    expect(owns({ predecessor: at(0x20), self: at(0x20) }, at(0xff))).toBe(true);
  });

  it('give each key exactly one owner among the nodes of a ring', () => {
    fc.assert(
      fc.property(fc.uniqueArray(id, { minLength: 1, maxLength: 20 }), id, (nodes, key) => {
        const ring = nodes.toSorted();
        const owners = ring.filter((self, i) => owns({ predecessor: ring.at(i - 1) ?? self, self }, key));
        expect(owners).toHaveLength(1);
      }),
    );
  });
});

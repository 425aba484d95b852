import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeIdOf } from '../node-id.ts';
import { type ChordReply, type ChordRequest, MODES, parseReply, parseRequest } from './messages.ts';

const id = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(nodeIdOf);
const ids = fc.array(id, { maxLength: 16 });
const predecessor = fc.option(id);

const requests: fc.Arbitrary<ChordRequest> = fc.oneof(
  fc.constantFrom(
    ...(['chord.ping', 'chord.state', 'chord.notify', 'chord.leaving', 'chord.forget'] as const).map((t) => ({
      t,
      body: {},
    })),
  ),
  fc.record({ t: fc.constant('chord.route'), body: fc.record({ key: id }) }),
  fc.record({ t: fc.constantFrom('chord.form', 'chord.install'), body: fc.record({ members: ids }) }),
);
const replies: fc.Arbitrary<ChordReply> = fc.oneof(
  fc.constantFrom(
    ...(['chord.ok', 'chord.busy', 'chord.not-member', 'chord.refused'] as const).map((t) => ({ t, body: {} })),
  ),
  fc.record({
    t: fc.constant('chord.pong'),
    body: fc.record({ mode: fc.constantFrom(...MODES), isFounding: fc.boolean() }),
  }),
  fc.record({ t: fc.constant('chord.pointers'), body: fc.record({ predecessor, successors: ids }) }),
  fc.record({ t: fc.constant('chord.mine'), body: fc.record({ predecessor, successors: ids, closer: ids }) }),
  fc.record({ t: fc.constant('chord.toward'), body: fc.record({ predecessor, owners: ids, closer: ids }) }),
);

describe('messages of Chord', () => {
  it('are read as they were written', () => {
    const wire = (sent: ChordRequest | ChordReply) => JSON.parse(JSON.stringify(sent));
    fc.assert(
      fc.property(requests, replies, (request, reply) => {
        expect(parseRequest(wire(request))).toEqual(request);
        expect(parseReply(wire(reply))).toEqual(reply);
      }),
    );
  });

  it('are refused with a field too many, too long a list, or anything else', () => {
    const member = nodeIdOf(new Uint8Array(32));
    expect(parseRequest({ t: 'chord.ping', body: { more: 1 } })).toBeNull();
    expect(parseRequest({ t: 'chord.form', body: { members: Array.from({ length: 17 }, () => member) } })).toBeNull();
    expect(parseRequest({ t: 'chord.route', body: { key: 'f'.repeat(63) } })).toBeNull();
    fc.assert(
      fc.property(
        fc.string(),
        fc.jsonValue(),
        (t, body) => parseReply({ t, body: JSON.parse(JSON.stringify(body)) }) === null,
      ),
    );
  });
});

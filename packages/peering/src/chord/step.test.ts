import { describe, expect, it } from 'vitest';
import type { Json } from '../calls.ts';
import { type NodeId, nodeIdOf } from '../node-id.ts';
import type { ChordEffect, ChordEvent } from './events.ts';
import { CORRECT_RULES } from './rules.ts';
import { TIMINGS } from './settings.ts';
import { type ChordState, initialState, type Roster } from './state.ts';
import { chordStep } from './step.ts';

const at = (place: number): NodeId => nodeIdOf(new Uint8Array(32).fill(place));
const roster: Roster = new Map([10, 20, 30, 40, 50].map((n) => [at(n), { id: at(n), host: '127.0.0.1', port: n }]));
const settings = { r: 2, rules: CORRECT_RULES, timings: TIMINGS };

/** Node 10 of the ring 10, 20, 30, 40. */
function member(): ChordState {
  const self = { id: at(10), host: '127.0.0.1', port: 10 };
  const pointers = { self: at(10), predecessor: at(40), successors: [at(20), at(30)] };
  return { ...initialState(self, settings, roster), mode: 'member', pointers };
}

function run(state: ChordState, ...events: ChordEvent[]): { state: ChordState; effects: ChordEffect[] } {
  const effects: ChordEffect[] = [];
  let at = state;
  for (const event of events) {
    const next = chordStep(at, event, { nowMs: 0, random: () => 0.5 });
    at = next.state;
    effects.push(...next.effects);
  }
  return { state: at, effects };
}

const tick: ChordEvent = { kind: 'timer', name: 'stabilize' };
const asks = (from: NodeId, t: string, body: Json = {}): ChordEvent => ({
  kind: 'request',
  re: 'q',
  from,
  request: { t, body },
});
const says = (call: number, t: string, body: Json = {}): ChordEvent => ({ kind: 'reply', call, reply: { t, body } });
const answers = (effects: ChordEffect[]) => effects.flatMap((effect) => (effect.kind === 'answer' ? effect.reply : []));
const calls = (effects: ChordEffect[]) => effects.flatMap((effect) => (effect.kind === 'call' ? effect : []));

describe('the reducer of Chord', () => {
  it('ignores an answer that nobody asked for, and counts it', () => {
    const { state } = run(member(), says(99, 'chord.pointers', { predecessor: null, successors: [at(50)] }));
    expect(state.pointers).toEqual(member().pointers);
    expect(state.counters.unaskedReplies).toBe(1);
  });

  it('takes the next of its list when the successor fails, and never itself', () => {
    const once = run(member(), tick, { kind: 'failed', call: 1, why: 'timeout' });
    expect(once.state.pointers.successors).toEqual([at(30)]);
    const twice = run(once.state, { kind: 'failed', call: 2, why: 'unreachable' });
    expect(twice.state.pointers.successors).toEqual([]);
    expect(twice.state.mode).toBe('isolated');
    expect(twice.state.counters.isolations).toBe(1);
  });

  it('does not adopt the predecessor of its successor before that one has answered', () => {
    const withFifteen = new Map([...roster, [at(15), { id: at(15), host: '127.0.0.1', port: 15 }]]);
    const named = run(
      { ...member(), roster: withFifteen },
      tick,
      says(1, 'chord.pointers', { predecessor: at(15), successors: [at(30)] }),
    );
    expect(named.state.pointers.successors).toEqual([at(20), at(30)]);
    const dead = run(named.state, { kind: 'failed', call: 2, why: 'timeout' });
    expect(dead.state.pointers.successors).toEqual([at(20), at(30)]);
    const alive = run(named.state, says(2, 'chord.pointers', { predecessor: at(10), successors: [at(20), at(30)] }));
    expect(alive.state.pointers.successors).toEqual([at(15), at(20)]);
  });

  it('answers pings at once and its pointers not at all while a step is open', () => {
    const { state } = run(member(), tick);
    expect(answers(run(state, asks(at(40), 'chord.state')).effects)[0]?.t).toBe('chord.busy');
    expect(answers(run(state, asks(at(40), 'chord.ping')).effects)[0]?.t).toBe('chord.pong');
    expect(answers(run(member(), asks(at(40), 'chord.state')).effects)[0]?.t).toBe('chord.pointers');
  });

  it('ends a step that meets BUSY unchanged, and tries it again soon', () => {
    const { state, effects } = run(member(), tick, says(1, 'chord.busy'));
    expect(state.pointers).toEqual(member().pointers);
    expect(state.step).toBeNull();
    const waits = effects.flatMap((effect) => (effect.kind === 'timer' ? effect.afterMs : []));
    expect(waits.at(-1)).toBeLessThan(TIMINGS.stabilizeMs / 2);
  });

  it('refuses nodes outside the roster and malformed requests', () => {
    const { state, effects } = run(member(), asks(at(99), 'chord.notify'), asks(at(20), 'chord.route', { key: 'x' }));
    expect(answers(effects).map(({ t }) => t)).toEqual(['chord.refused', 'chord.refused']);
    expect(state.counters.refusedRequests).toBe(2);
    expect(state.pointers).toEqual(member().pointers);
  });

  it('cuts a list of successors before a node that the roster does not have', () => {
    const { state } = run(member(), tick, says(1, 'chord.pointers', { predecessor: at(10), successors: [at(25)] }));
    expect(state.pointers.successors).toEqual([at(20)]);
  });

  it('keeps a predecessor that lives and takes a nearer one', () => {
    const farther = run(
      member(),
      asks(at(30), 'chord.notify'),
      says(1, 'chord.pong', { mode: 'member', isFounding: false }),
    );
    expect(farther.state.pointers.predecessor).toBe(at(40));
    expect(run(member(), asks(at(50), 'chord.notify')).state.pointers.predecessor).toBe(at(50));
    const dead = run(member(), asks(at(30), 'chord.notify'), { kind: 'failed', call: 1, why: 'timeout' });
    expect(dead.state.pointers.predecessor).toBe(at(30));
  });

  it('follows no lookup answer that leads away from the key, and lets no node own it but one that says so itself', () => {
    const start = run(member(), { kind: 'locate', token: 'x', key: at(35) });
    expect(calls(start.effects)[0]?.to.id).toBe(at(30));
    const lied = run(start.state, says(1, 'chord.toward', { closer: [at(20), at(50)], owners: [], predecessor: null }));
    expect(lied.state.counters.rejectedHops).toBe(2);
    const told = run(start.state, says(1, 'chord.toward', { closer: [], owners: [at(40)], predecessor: at(20) }));
    expect(calls(told.effects)[0]?.to.id).toBe(at(40));
    const disowned = run(told.state, says(2, 'chord.toward', { closer: [], owners: [], predecessor: null }));
    expect(disowned.effects).not.toContainEqual(expect.objectContaining({ owner: expect.anything() }));
    const owned = run(told.state, says(2, 'chord.mine', { closer: [], successors: [at(10)], predecessor: at(30) }));
    expect(owned.effects).toContainEqual(expect.objectContaining({ kind: 'located', token: 'x', hops: 2 }));
  });

  it('does not believe a node that claims a key which it cannot own', () => {
    const start = run(member(), { kind: 'locate', token: 'x', key: at(35) });
    expect(calls(start.effects)[0]?.to.id).toBe(at(30));
    // An arc around the whole circle, this node's place in it; one without the key; and none.
    for (const predecessor of [at(32), at(20), null]) {
      const claims = says(1, 'chord.mine', { closer: [], successors: [at(40)], predecessor });
      const { state, effects } = run(start.state, claims);
      expect(state.counters.rejectedHops).toBe(1);
      expect(effects).not.toContainEqual(expect.objectContaining({ owner: expect.objectContaining({ id: at(30) }) }));
      expect(calls(effects)[0]?.to.id).toBe(at(20));
    }
  });

  it('tells its neighbours that it leaves, and then that it may stop', () => {
    const { state, effects } = run(member(), { kind: 'leave' });
    expect(calls(effects).map(({ to }) => to.id)).toEqual([at(40), at(20), at(30)]);
    const done = run(state, says(1, 'chord.ok'), says(2, 'chord.ok'), { kind: 'failed', call: 3, why: 'timeout' });
    expect(done.effects).toContainEqual({ kind: 'left', isRingTooSmall: false });
  });
});

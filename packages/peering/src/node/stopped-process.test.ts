// A node whose process stands still for a while (SIGSTOP): its sockets stay open and nothing answers. The others must do without it, and take
// it back when it goes on.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fromUtf8, utf8 } from '@telltale/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type NodeId, parseNodeId } from '../node-id.ts';
import { type LiveRing, startLiveRing } from '../testing/live-ring.ts';
import { until } from '../testing/until.ts';

const contactSchema = z.object({ id: z.string(), host: z.string(), port: z.int() });

let ring: LiveRing;
let child: ChildProcess;
let stranger: NodeId;

beforeEach(async () => {
  child = fork(new URL('../testing/node-process.ts', import.meta.url), { execArgv: [] });
  const [said] = await once(child, 'message');
  const contact = contactSchema.parse(said);
  const id = parseNodeId(contact.id);
  if (!id) throw new Error('the process has no identifier');
  stranger = id;
  ring = await startLiveRing(3, { others: [{ ...contact, id }] });
  child.send(ring.roster);
  await until(() => haveNeighbours([...ring.nodes.map(({ self }) => self), stranger]), 'a ring of four');
});

afterEach(async () => {
  const ended = child.exitCode === null ? once(child, 'exit') : Promise.resolve();
  child.kill('SIGKILL');
  await Promise.all([ended, ring.stop()]);
});

/** Whether the nodes here point to the right ones of these members. */
function haveNeighbours(members: readonly NodeId[]): boolean {
  const ascending = members.toSorted();
  const at = (place: number): NodeId | undefined => ascending[(place + ascending.length) % ascending.length];
  return ring.nodes.every((node) => {
    const { mode, predecessor, successors } = node.view();
    const place = ascending.indexOf(node.self);
    const [next, afterNext] = successors.map(({ id }) => id);
    const isRight = predecessor?.id === at(place - 1) && next === at(place + 1) && afterNext === at(place + 2);
    return mode === 'member' && isRight;
  });
}

describe('a node that stands still', () => {
  it('is left out until it goes on, and nothing is unreadable meanwhile', async () => {
    const here = ring.nodes.map(({ self }) => self);
    const put = await Promise.all(ring.nodes.map((node, index) => node.putValue(utf8(`before ${index}`))));
    expect(put.map(({ outcome }) => outcome)).toEqual(['stored', 'stored', 'stored']);

    child.kill('SIGSTOP');
    for (const node of ring.nodes) {
      for (const [index, { key }] of put.entries()) {
        const found = await node.getValue(key);
        expect(typeof found === 'string' ? found : fromUtf8(found)).toBe(`before ${index}`);
      }
    }
    await until(() => haveNeighbours(here), 'a ring without the stopped node');
    const late = await ring.node(0).putValue(utf8('meanwhile'));
    expect(late.outcome).toBe('stored');
    await until(async () => (await ring.holders(late.key)).length === 3, 'three copies on those that answer');

    child.kill('SIGCONT');
    await until(() => haveNeighbours([...here, stranger]), 'the ring of four again');
    const keys = [...put.map(({ key }) => key), late.key];
    await until(async () => (await copiesHere(keys)) >= 2, 'each value is kept by two or three nodes here');
    for (const node of ring.nodes) expect(node.counts().faults).toBe(0);
  });
});

/** The fewest copies here of any of these. */
async function copiesHere(keys: readonly NodeId[]): Promise<number> {
  const holders = await Promise.all(keys.map((key) => ring.holders(key)));
  return Math.min(...holders.map(({ length }) => length));
}

// Partitions of seven receivers, as a program of its own: run it in a network namespace that is nobody else's (`unshare --net`), as root, where it
// sets firewall rules on the loopback interface. Says as one line of JSON what it saw; fails when the ring does not heal.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { until } from '../../packages/peering/src/testing/until.ts';
import { ReadingLoad } from './reading-load.ts';
import { unreadableAt, untilForgotten, untilIdeal, untilParted, untilReplicated } from './ring-checks.ts';
import { type RingMember, RingOfReceivers } from './ring-of-receivers.ts';

const RECEIVERS = 7;
const REPLICAS = 3;
/**
 * Which receivers, in the order of their identifiers, are cut off from all others. Three that have others between them stay a ring, and two rings
 * must become one. Three in a row lose all their successors and are too few to found a ring: they wait, and join when they can.
 */
const CUTS = { between: [0, 2, 4], inRow: [1, 2, 3] };
/** Readings that each receiver acknowledges while the ring is in two: with two at a time and two requests a second, 10 s of them. */
const READINGS_APART = 40;
/** Far above what that takes on a machine that is busy. */
const PATIENCE_MS = 120_000;

const run = promisify(execFile);
const hostsOf = (members: readonly RingMember[]): string => members.map(({ url }) => new URL(url).hostname).join();

/** Frames between the two sides vanish, in both directions and of open connections too; nobody is told. */
async function setRules(change: '-A' | '-D', [a, b]: readonly [string, string]): Promise<void> {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    await run('iptables', ['--wait', change, 'INPUT', '--source', from, '--destination', to, '--jump', 'DROP']);
  }
}

/** One partition and its end: readings are taken all the time, and the greater side goes on as a ring or founds one again. */
async function cut(ring: RingOfReceivers, places: readonly number[]) {
  const ordered = ring.members.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const few = ordered.filter((_, place) => places.includes(place));
  const many = ordered.filter((_, place) => !places.includes(place));
  const hosts = [hostsOf(few), hostsOf(many)] as const;
  const load = new ReadingLoad(ring.members);
  try {
    await setRules('-A', hosts);
    const isEnough = () => ring.members.every(({ index }) => load.acknowledged(index).length >= READINGS_APART);
    await Promise.all([
      untilParted(few, many),
      untilForgotten(many, few),
      until(isEnough, 'every receiver acknowledges readings while the ring is in two', PATIENCE_MS),
    ]);
    await setRules('-D', hosts);
    await load.stopAll();
    await untilIdeal(ring.members);
    await untilReplicated(ring.members, REPLICAS);
    const unreadable = [...(await unreadableOf(load, few, many)), ...(await unreadableOf(load, many, few))];
    return { refused: load.refused, acknowledged: load.acknowledged().length, unreadable };
  } finally {
    await load.stopAll();
  }
}

/** What receivers of one side acknowledged and those of the other do not give: each reading is asked of one of them, and some of all. */
async function unreadableOf(load: ReadingLoad, acknowledgers: readonly RingMember[], askers: readonly RingMember[]) {
  const ids = acknowledgers.flatMap(({ index }) => load.acknowledged(index));
  const share = (place: number) => ids.filter((_, i) => i % askers.length === place || i % 10 === 0);
  return (await Promise.all(askers.map((asker, place) => unreadableAt(asker, share(place))))).flat();
}

await run('ip', ['link', 'set', 'lo', 'up']);
const ring = await RingOfReceivers.start({ receivers: RECEIVERS });
try {
  await untilIdeal(ring.members);
  const between = await cut(ring, CUTS.between);
  const inRow = await cut(ring, CUTS.inRow);
  process.stdout.write(`${JSON.stringify({ between, inRow, faults: ring.faults() })}\n`);
} finally {
  await ring.remove();
}

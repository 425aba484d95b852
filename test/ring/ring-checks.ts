// What must hold of a ring that had time to heal, asked of the receivers over HTTP and of their databases: pointers, copies, readings.

import { z } from 'zod';
import type { NodeId } from '../../packages/peering/src/node-id.ts';
import { until } from '../../packages/peering/src/testing/until.ts';
import type { RingMember } from './ring-of-receivers.ts';

/** Stabilisation, merging every 10 s and comparing every 4 s, several times over, on a machine that is busy. */
const HEAL_MS = 120_000;

const node = z.object({ id: z.string() });
const status = z.object({
  id: z.string(),
  mode: z.string(),
  predecessor: node.nullable(),
  successors: z.array(node),
  under_replicated_keys: z.number(),
  ring: z.object({ r: z.number(), replicas: z.number() }).nullable(),
  lane: z.object({ id: z.string(), next_block: z.number(), blocks_behind: z.number(), conflicts: z.number() }),
});
type RingStatus = z.infer<typeof status>;

/** GET /v1/ring. */
export async function ringOf({ url }: Pick<RingMember, 'url'>): Promise<RingStatus> {
  return status.parse(await (await fetch(`${url}/v1/ring`)).json());
}

/** The value of one line of /metrics, by its name with labels. */
export async function metricOf({ url }: Pick<RingMember, 'url'>, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`telltale_peering_${name} `));
  if (line === undefined) throw new Error(`/metrics does not show ${name}`);
  return Number(line.slice(line.lastIndexOf(' ') + 1));
}

/** Waits until these are members without a pointer to `gone`. */
export async function untilForgotten(of: readonly RingMember[], gone: readonly RingMember[]): Promise<void> {
  await untilRing(of, 'nobody that is gone is in a list', (status) => {
    return status.mode === 'member' && !namesAny(status, gone);
  });
}

/** As untilForgotten, but for receivers that may be too few for a ring: who has none has no pointers either. */
export async function untilParted(of: readonly RingMember[], gone: readonly RingMember[]): Promise<void> {
  await untilRing(of, 'nobody beyond reach is in a list', (status) => !namesAny(status, gone));
}

function namesAny({ predecessor, successors }: RingStatus, members: readonly RingMember[]): boolean {
  const named = [predecessor?.id, ...successors.map(({ id }) => id)];
  return members.some(({ id }) => named.includes(id));
}

/** Waits until these are members again. */
export async function untilMembers(of: readonly RingMember[]): Promise<void> {
  await untilRing(of, 'all are members', ({ mode }) => mode === 'member');
}

/** Waits until the pointers are those of an ideal ring of exactly these nodes; `extra`: of nodes that the test plays. */
export async function untilIdeal(of: readonly RingMember[], extra: readonly NodeId[] = []): Promise<void> {
  const expected = idealRing([...of.map(({ id }) => id), ...extra]);
  await untilRing(of, 'the ring is ideal', ({ id: self, mode, predecessor, successors, ring }) => {
    const ideal = expected.get(self);
    const after = ideal?.after.slice(0, ring?.r).join();
    return mode === 'member' && predecessor?.id === ideal?.before && successors.map(({ id }) => id).join() === after;
  });
}

/** Waits until this holds of all at the same moment; says what they said last if it does not. */
async function untilRing(
  of: readonly RingMember[],
  what: string,
  holds: (status: RingStatus) => boolean,
): Promise<void> {
  let seen: RingStatus[] = [];
  const all = async () => {
    seen = await Promise.all(of.map(ringOf));
    return seen.every(holds);
  };
  await until(all, what, HEAL_MS).catch((error: unknown) => {
    throw new Error(`in vain: ${what}: ${seen.map(shown).join('; ')}`, { cause: error });
  });
}

/** The pointers of one receiver, short enough to read. */
function shown({ id, mode, predecessor, successors }: RingStatus): string {
  const name = (text: string | undefined): string => text?.slice(0, 4) ?? '-';
  return `${name(id)} ${mode} ${name(predecessor?.id)} < > ${successors.map((each) => name(each.id)).join(' ')}`;
}

/** Who stands before each node, and all others in their order after it. */
function idealRing(ids: readonly string[]): Map<string, { before: string | undefined; after: string[] }> {
  const sorted = ids.toSorted();
  return new Map(
    sorted.map((id, i) => [id, { before: sorted.at(i - 1), after: [...sorted.slice(i + 1), ...sorted.slice(0, i)] }]),
  );
}

/** How many receivers keep each item, by name: the values (block bodies) and the records. */
async function copiesOf(members: readonly RingMember[]): Promise<{ values: number[]; records: number[] }> {
  const count = async (sql: string): Promise<number[]> => {
    const copies = new Map<string, number>();
    for (const { pool } of members) {
      const { rows } = await pool.query<{ name: string }>(sql);
      for (const { name } of rows) copies.set(name, (copies.get(name) ?? 0) + 1);
    }
    return [...copies.values()];
  };
  return {
    values: await count("SELECT encode(key, 'hex') AS name FROM peering_values"),
    records: await count("SELECT encode(key || id, 'hex') AS name FROM peering_records"),
  };
}

/** Waits until every block is in the ring, every item is on exactly `replicas` receivers, and the receivers know it. */
export async function untilReplicated(members: readonly RingMember[], replicas: number): Promise<void> {
  let seen = '';
  const holds = async () => {
    const views = await Promise.all(members.map(ringOf));
    const { values, records } = await copiesOf(members);
    const blocks = views.reduce((sum, { lane }) => sum + lane.next_block, 0);
    const wrong = [...values, ...records].filter((copies) => copies !== replicas).length;
    const behind = views.map(({ lane, under_replicated_keys: under }) => `${lane.blocks_behind}/${under}`);
    seen = `${blocks} blocks, ${values.length} values, ${records.length} records, ${wrong} wrong; behind ${behind.join()}`;
    // A block has a body, a record by its height, and one by its hash; a lane has one more record.
    const isAllThere = values.length === blocks && records.length === 2 * blocks + members.length;
    return isAllThere && wrong === 0 && behind.every((each) => each === '0/0');
  };
  await until(holds, 'exactly k copies of everything', HEAL_MS).catch((error: unknown) => {
    throw new Error(`copies are not as they should be: ${seen}`, { cause: error });
  });
}

/** Ids of these readings that this receiver does not give. */
export async function unreadableAt({ url }: RingMember, ids: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  const waiting = [...ids];
  const read = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      const answer = await fetch(`${url}/v1/readings/${id}`);
      const found = z.object({ transaction_id: z.string() }).safeParse(await answer.json());
      if (answer.status !== 200 || found.data?.transaction_id !== id) missing.push(`${id}: ${answer.status}`);
    }
  };
  await Promise.all(Array.from({ length: READS_AT_ONCE }, read));
  return missing;
}

/** A guess: keeps two processors busy and no receiver overloaded. */
const READS_AT_ONCE = 4;

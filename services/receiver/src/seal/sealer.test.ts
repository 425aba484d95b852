// The sealer in a whole receiver on a real database: what it seals and when, and what it does when the database or another sealer
// comes between. Killed processes are in test/faults.

import { Writable } from 'node:stream';
import { inTransaction } from '@telltale/database';
import {
  decodeHeader,
  decodeLeaf,
  headerHash,
  LEAF_KIND,
  leafHash,
  MerkleTree,
  signBlock,
  toHex,
} from '@telltale/ledger';
import { type Logger, pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { openLedger } from '../ledger.ts';
import { appendBlocks, loadHead, readBlocks } from '../store/block-store.ts';
import { readLeaves } from '../store/leaf-store.ts';
import { mustAccept, postReadings } from '../testing/post-readings.ts';
import { openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';
import { until } from '../testing/until.ts';
import { mineRun } from './mine-run.ts';

const device = makeDevice();
const reading = (seq: number) => device.envelope(`{"device":"Raspberry Pi 1","seq":${seq}}`);
const readings = (first: number, end: number) =>
  `[${Array.from({ length: end - first }, (_, i) => reading(first + i)).join(',')}]`;

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function start(
  variables: Record<string, string>,
  options: { log?: Logger; beside?: TestReceiver } = {},
): Promise<{ receiver: TestReceiver; stored: StoredLedger }> {
  const receiver = await startTestReceiver({ variables, ...options });
  cleanUps.push(() => receiver.stop());
  const stored = await openStoredLedger(receiver);
  cleanUps.push(() => stored.close());
  return { receiver, stored };
}

/** A log whose messages can be read. */
function recordingLog(): { log: Logger; messages: () => string[] } {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { log: pino({ level: 'info' }, stream), messages: () => lines.map((line) => String(JSON.parse(line).msg)) };
}

/** The kinds of the leaves in each block after genesis. */
async function blockKinds({ pool }: StoredLedger): Promise<number[][]> {
  const leaves: number[] = [];
  for await (const { leaf } of readLeaves(pool, { start: 0, end: Number.MAX_SAFE_INTEGER })) {
    const decoded = decodeLeaf(leaf);
    if (!decoded.ok) throw new Error(decoded.message);
    leaves.push(decoded.value.kind);
  }
  const blocks: number[][] = [];
  let start = 0;
  for await (const { blockIndex, logSize } of readBlocks(pool, { start: 0, end: Number.MAX_SAFE_INTEGER })) {
    if (blockIndex > 0) blocks.push(leaves.slice(start, logSize));
    start = logSize;
  }
  return blocks;
}

const { reading: R, keyEnrolled: K } = LEAF_KIND;

describe('the sealer', () => {
  it('seals full blocks at once, with registry leaves riding along, and lets the rest wait', async () => {
    const { receiver, stored } = await start({ TRANSACTIONS_PER_BLOCK: '2', BLOCK_MAX_WAIT_MS: '0' });
    await mustAccept(receiver.url, readings(0, 5));
    await stored.untilSealed({ leaves: 6, pending: 1 });
    expect(await blockKinds(stored)).toEqual([
      [K, R, R],
      [R, R],
    ]);
    expect((await stored.validate()).fault).toBeUndefined();
  });

  it('seals a partial block once its oldest reading has waited BLOCK_MAX_WAIT_MS', async () => {
    const { receiver, stored } = await start({ TRANSACTIONS_PER_BLOCK: '100', BLOCK_MAX_WAIT_MS: '50' });
    await mustAccept(receiver.url, readings(0, 3));
    await stored.untilSealed({ leaves: 4, pending: 0 });
    expect(await blockKinds(stored)).toEqual([[K, R, R, R]]);
    const { rows } = await stored.pool.query<{ waited_us: bigint }>(
      `SELECT (('x' || encode(substr(header, 45, 8), 'hex'))::bit(64)::bigint
             - ('x' || encode(substr(leaf, 3, 8), 'hex'))::bit(64)::bigint) AS waited_us
         FROM blocks, leaves WHERE block_index = 1 AND leaf_index = 0`,
    );
    expect(Number(rows[0]?.waited_us)).toBeGreaterThanOrEqual(50_000);
  });

  it('keeps pending readings over a restart and goes on with the same chain', async () => {
    const { receiver, stored } = await start({ TRANSACTIONS_PER_BLOCK: '2', BLOCK_MAX_WAIT_MS: '0' });
    await mustAccept(receiver.url, readings(0, 3));
    await stored.untilSealed({ leaves: 4, pending: 1 });
    const before = await loadHead(stored.pool);
    await receiver.restart();
    await mustAccept(receiver.url, reading(3));
    await stored.untilSealed({ leaves: 5, pending: 0 });
    const after = await loadHead(stored.pool);
    expect(after.header.index).toBe(before.header.index + 1);
    expect(toHex(after.header.previousHash)).toBe(toHex(before.hash));
    expect((await stored.validate()).fault).toBeUndefined();
  });

  it('writes the tiles and roots that the whole tree gives, also when it is restarted in the middle', async () => {
    const { receiver, stored } = await start({ TRANSACTIONS_PER_BLOCK: '60', BLOCK_MAX_WAIT_MS: '50' });
    await mustAccept(receiver.url, readings(0, 150));
    await stored.untilSealed({ leaves: 151, pending: 0 });
    await receiver.restart();
    await mustAccept(receiver.url, readings(150, 300));
    await stored.untilSealed({ leaves: 301, pending: 0 });
    await receiver.restart({ TRANSACTIONS_PER_BLOCK: '7' });
    await mustAccept(receiver.url, readings(300, 560));
    await stored.untilSealed({ leaves: 561, pending: 0 });

    const tree = new MerkleTree();
    for await (const { leaf } of readLeaves(stored.pool, { start: 0, end: 561 })) tree.append(leafHash(leaf));
    const { rows } = await stored.pool.query<{ level: number; tile_index: bigint; hashes: Buffer; root: Buffer }>(
      'SELECT * FROM tiles ORDER BY level, tile_index',
    );
    expect(rows.map((row) => [row.level, Number(row.tile_index)])).toEqual([
      [0, 0],
      [0, 1],
    ]);
    for (const [i, row] of rows.entries()) {
      const hashes = Array.from({ length: 256 }, (_, at) => toHex(tree.node({ level: 0, index: 256 * i + at })));
      expect(row.hashes.toString('hex')).toBe(hashes.join(''));
      expect(row.root.toString('hex')).toBe(toHex(tree.node({ level: 8, index: i })));
    }
    for await (const { header } of readBlocks(stored.pool, { start: 0, end: Number.MAX_SAFE_INTEGER })) {
      const decoded = decodeHeader(header);
      if (!decoded.ok) throw new Error(decoded.message);
      expect(toHex(decoded.value.logRoot)).toBe(toHex(tree.root(decoded.value.logSize)));
    }
    expect((await stored.validate()).fault).toBeUndefined();
  });

  it('throws its work away and goes on when another block was sealed meanwhile', async () => {
    const { log, messages } = recordingLog();
    const { receiver, stored } = await start({ TRANSACTIONS_PER_BLOCK: '2', BLOCK_MAX_WAIT_MS: '0' }, { log });
    await mustAccept(receiver.url, reading(0));
    await stored.untilSealed({ leaves: 2, pending: 2 });
    await sealFromOutside(receiver, stored);
    await mustAccept(receiver.url, readings(1, 3));
    await stored.untilSealed({ leaves: 4, pending: 0 });
    expect(await blockKinds(stored)).toEqual([
      [K, R],
      [R, R],
    ]);
    expect((await stored.validate()).fault).toBeUndefined();
    await until('sealing goes on', () => messages().includes('sealing goes on'));
    expect(messages().filter((message) => message === 'sealing failed, it is tried again')).toHaveLength(1);
  });

  it('seals nothing with a lease that another receiver took, and leaves the sealing to that one', async () => {
    const { receiver: first, stored } = await start({ TRANSACTIONS_PER_BLOCK: '2', BLOCK_MAX_WAIT_MS: '0' });
    await mustAccept(first.url, reading(0));
    await stored.untilSealed({ leaves: 2, pending: 2 });
    const { rows: held } = await stored.pool.query<{ token: bigint }>('SELECT token FROM sealer_lease');
    // The first one still believes that it holds the lease; only its token says otherwise.
    await stored.pool.query(
      `UPDATE sealer_lease SET token = token + 1, holder = gen_random_uuid(), expires_at = clock_timestamp() - interval '1 s'`,
    );
    const { receiver: second } = await start(
      { TRANSACTIONS_PER_BLOCK: '2', BLOCK_MAX_WAIT_MS: '0' },
      { beside: first },
    );
    await until('the second receiver holds the lease', async () => {
      const { rows } = await stored.pool.query<{ token: bigint }>('SELECT token FROM sealer_lease');
      return (rows[0]?.token ?? 0n) > (held[0]?.token ?? 0n) + 1n;
    });
    await mustAccept(first.url, reading(1));
    await mustAccept(second.url, readings(2, 6));
    await stored.untilSealed({ leaves: 7, pending: 0 });
    expect((await blockKinds(stored)).flat()).toEqual([K, R, R, R, R, R, R]);
    expect((await stored.validate()).fault).toBeUndefined();
  });

  it('recovers when its database connections are ended while it seals, and loses and doubles nothing', async () => {
    const { receiver, stored } = await start({ TRANSACTIONS_PER_BLOCK: '1', BLOCK_MAX_WAIT_MS: '50' });
    let acknowledged = 0;
    let ended = 0;
    // How many connections a round meets is chance: it goes on until enough were ended, within a bound that a deaf receiver would meet.
    for (let round = 0; round < 12 || (ended <= 12 && round < 60); round++) {
      const body = readings(round * 25, round * 25 + 25);
      const answer = postReadings(receiver.url, body);
      const { rowCount } = await stored.pool.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'telltale-receiver'`,
      );
      ended += rowCount ?? 0;
      let { statusCode } = await answer;
      await until('the same readings are accepted', async () => {
        if (statusCode !== 200) ({ statusCode } = await postReadings(receiver.url, body));
        return statusCode === 200;
      });
      acknowledged += 25;
    }
    expect(ended).toBeGreaterThan(12);
    await stored.untilSealed({ leaves: acknowledged + 1, pending: 0 });
    const report = await stored.validate();
    expect(report).toMatchObject({ readings: acknowledged, pending: 0 });
    expect(report.fault).toBeUndefined();
  });

  it('builds nothing on leaves that were altered, while readings are still accepted', async () => {
    const { log, messages } = recordingLog();
    const { receiver, stored } = await start({ TRANSACTIONS_PER_BLOCK: '1', BLOCK_MAX_WAIT_MS: '0' }, { log });
    await mustAccept(receiver.url, reading(0));
    await stored.untilSealed({ leaves: 2, pending: 0 });
    const flip = 'UPDATE leaves SET leaf = set_byte(leaf, 60, get_byte(leaf, 60) # 1) WHERE leaf_index = 1';
    await stored.pool.query(flip);
    await receiver.restart();
    await mustAccept(receiver.url, reading(1));
    await until('sealing fails', () => messages().includes('sealing failed, it is tried again'));
    expect((await stored.validate()).fault).toMatchObject({ blockIndex: 1, leafIndex: 1 });
    expect((await loadHead(stored.pool)).header.index).toBe(1);
    await stored.pool.query(flip);
    await stored.untilSealed({ leaves: 3, pending: 0 });
    expect((await stored.validate()).fault).toBeUndefined();
  });
});

/** Seals everything that is pending, as a sealer would that does not ask for the lease. */
async function sealFromOutside(receiver: TestReceiver, { pool }: StoredLedger): Promise<void> {
  const { difficulty, ledgerKeyFile: keyFile } = receiver.config;
  const difficultyBits = 4 * difficulty;
  const nowUs = () => Date.now() * 1000;
  const ledger = await openLedger(pool, { keyFile, origin: undefined, difficultyBits, nowUs });
  const { header, hash } = await loadHead(pool);
  const tree = new MerkleTree();
  let lastReceivedAtUs = 0;
  for await (const { leaf } of readLeaves(pool, { start: 0, end: Number.MAX_SAFE_INTEGER })) {
    tree.append(leafHash(leaf));
    const decoded = decodeLeaf(leaf);
    lastReceivedAtUs = decoded.ok ? decoded.value.receivedAtUs : 0;
  }
  const [mined] = mineRun(
    {
      parent: { index: header.index, hash, timestampUs: header.timestampUs },
      lane: ledger.lane,
      difficultyBits,
      nonceLimit: 2 ** 32,
      blocks: [{ logRoot: tree.root(), logSize: tree.size, lastReceivedAtUs }],
      budgetMs: 0,
    },
    { nowUs, isStopped: () => false },
  );
  if (!mined) throw new Error('nothing was mined');
  const sealed = headerHash(mined);
  const signature = signBlock({ origin: ledger.origin, hash: sealed, sign: ledger.sign });
  const block = { blockIndex: header.index + 1, hash: sealed, logSize: tree.size, header: mined, signature };
  await inTransaction(pool, { isolation: 'read committed' }, (client) =>
    appendBlocks(client, { parent: hash, blocks: [block] }),
  );
}

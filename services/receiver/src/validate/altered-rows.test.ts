// Rows that are missing, added or exchanged, and the tiles of a longer log: what validation says of a ledger with more than one full tile.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept } from '../testing/post-readings.ts';
import { type Edit, openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { type DeviceAlgorithm, makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

/** Four devices' first uses and 530 readings; the last block of 100 is not full. */
const LEAVES = 534;
const PENDING = 30;

let receiver: TestReceiver;
let stored: StoredLedger;

beforeAll(async () => {
  receiver = await startTestReceiver({ variables: { TRANSACTIONS_PER_BLOCK: '100', BLOCK_MAX_WAIT_MS: '0' } });
  stored = await openStoredLedger(receiver);
  const algorithms: DeviceAlgorithm[] = ['ed25519', 'ecdsa-p256', 'rsa-pss', 'ed25519'];
  const devices = algorithms.map(makeDevice);
  for (let start = 0; start < 530; start += 106) {
    const envelopes = Array.from({ length: 106 }, (_, i) => {
      const number = start + i;
      return devices[number % 4]?.envelope(`{"device":"Raspberry Pi ${number % 4}","seq":${number}}`);
    });
    await mustAccept(receiver.url, `[${envelopes.join(',')}]`);
  }
  await stored.untilSealed({ leaves: LEAVES, pending: PENDING });
});
afterAll(async () => {
  await stored.close();
  await receiver.stop();
});

/** Takes rows out of a table and puts them back. */
async function without(table: string, where: string): Promise<Edit> {
  const kept = `kept_${table}`;
  await stored.pool.query(`DROP TABLE IF EXISTS ${kept}`);
  await stored.pool.query(`CREATE TABLE ${kept} AS SELECT * FROM ${table} WHERE ${where}`);
  return { apply: `DELETE FROM ${table} WHERE ${where}`, undo: `INSERT INTO ${table} SELECT * FROM ${kept}` };
}

const faultWith = async (edit: Edit) => (await stored.validateWith(edit)).fault;

describe('validateChain with rows altered', () => {
  it('finds a ledger of 534 leaves, three key types and two full tiles sound, pending leaves included', async () => {
    const report = await stored.validate();
    expect(report).toMatchObject({ leaves: LEAVES, pending: PENDING, readings: 530, devices: 4, keys: 4, blocks: 6 });
    expect(report.fault).toBeUndefined();
    const { rows } = await stored.pool.query<{ tiles: number }>('SELECT count(*)::int AS tiles FROM tiles');
    // 504 sealed leaves fill one tile of 256; the pending ones fill the second and it is not written yet.
    expect(rows).toEqual([{ tiles: 1 }]);
  });

  it.each([
    { leafIndex: 0, blockIndex: 1 },
    { leafIndex: 150, blockIndex: 2 },
    { leafIndex: 503, blockIndex: 5 },
    { leafIndex: 520, blockIndex: undefined },
  ])('finds that leaf $leafIndex is deleted', async ({ leafIndex, blockIndex }) => {
    const fault = await faultWith(await without('leaves', `leaf_index = ${leafIndex}`));
    expect(fault).toMatchObject({ code: 'leaf-missing', leafIndex, ...(blockIndex !== undefined && { blockIndex }) });
    expect(fault?.blockIndex).toBe(blockIndex);
  });

  it('finds that the newest pending leaf is deleted', async () => {
    const fault = await faultWith(await without('leaves', `leaf_index = ${LEAVES - 1}`));
    expect(fault?.code).toBe('transaction-extra');
  });

  it('finds a leaf that was inserted', async () => {
    const inserted = (leafIndex: number) => ({
      apply: `INSERT INTO leaves SELECT ${leafIndex}, leaf FROM leaves WHERE leaf_index = 533`,
      undo: `DELETE FROM leaves WHERE leaf_index = ${leafIndex}`,
    });
    expect(await faultWith(inserted(LEAVES))).toMatchObject({ code: 'transaction', leafIndex: LEAVES });
    expect(await faultWith(inserted(LEAVES + 7))).toMatchObject({ code: 'leaf-missing', leafIndex: LEAVES });
  });

  it('finds two leaves that were exchanged, in their block', async () => {
    const exchange = `WITH pair AS (SELECT leaf_index, leaf FROM leaves WHERE leaf_index IN (210, 214)),
      one AS (UPDATE leaves SET leaf = (SELECT leaf FROM pair WHERE leaf_index = 210) WHERE leaf_index = 214)
      UPDATE leaves SET leaf = (SELECT leaf FROM pair WHERE leaf_index = 214) WHERE leaf_index = 210`;
    const fault = await faultWith({ apply: exchange, undo: exchange });
    expect(fault).toMatchObject({ code: 'log-root', blockIndex: 3, leafIndex: 210 });
  });

  it('names the leaf whose time alone was altered, from the tile that holds its hash', async () => {
    // Leaves of one commit share their time: the last one of it can be later without leaving its place in the order.
    const { rows } = await stored.pool.query<{ last: bigint }>(
      `SELECT max(leaf_index) AS last FROM leaves
        WHERE substr(leaf, 3, 8) = (SELECT substr(leaf, 3, 8) FROM leaves WHERE leaf_index = 100)`,
    );
    const leafIndex = Number(rows[0]?.last);
    const sql = `UPDATE leaves SET leaf = set_byte(leaf, 9, get_byte(leaf, 9) # 1) WHERE leaf_index = ${leafIndex}`;
    expect(await faultWith({ apply: sql, undo: sql })).toMatchObject({ code: 'log-root', leafIndex });
  });

  it('finds that a block is deleted, between others or at the start', async () => {
    for (const blockIndex of [0, 1, 4]) {
      const fault = await faultWith(await without('blocks', `block_index = ${blockIndex}`));
      expect(fault).toMatchObject({ code: 'block-missing', blockIndex });
    }
  });

  it('finds that the newest block is deleted', async () => {
    const fault = await faultWith(await without('blocks', 'block_index = 5'));
    expect(fault).toMatchObject({ code: 'block-missing', blockIndex: 5 });
  });

  it('finds that a block was added, though it links to the newest one', async () => {
    const fault = await faultWith({
      apply: `INSERT INTO blocks SELECT 6, sha256(hash), log_size + 1, header, signature FROM blocks WHERE block_index = 5`,
      undo: 'DELETE FROM blocks WHERE block_index = 6',
    });
    expect(fault).toMatchObject({ blockIndex: 6 });
  });

  it('finds that two blocks’ signatures were exchanged', async () => {
    const exchange = `UPDATE blocks SET signature = (SELECT signature FROM blocks AS other WHERE other.block_index = 5 - blocks.block_index)
      WHERE block_index IN (2, 3)`;
    await stored.pool.query(exchange);
    const { fault } = await stored.validate();
    await stored.pool.query(exchange);
    expect(fault).toMatchObject({ code: 'block-signature', blockIndex: 2 });
  });

  it('finds a transaction id that is missing, and one too many', async () => {
    const missing = await faultWith(await without('transactions', 'leaf_index = 333'));
    expect(missing).toMatchObject({ code: 'transaction', leafIndex: 333 });
    const extra = await faultWith({
      apply: `INSERT INTO transactions VALUES (sha256('nobody sent this'), 3, sha256('nothing'), 1)`,
      undo: `DELETE FROM transactions WHERE transaction_id = sha256('nobody sent this')`,
    });
    expect(extra?.code).toBe('transaction-extra');
  });

  it('finds a tile that is missing, and one too many', async () => {
    const missing = await faultWith(await without('tiles', 'level = 0'));
    expect(missing).toMatchObject({ code: 'tile', blockIndex: 3 });
    for (const place of ['0, 1', '1, 0']) {
      const where = `(level, tile_index) = (${place})`;
      const apply = `INSERT INTO tiles SELECT ${place}, hashes, root FROM tiles`;
      expect((await faultWith({ apply, undo: `DELETE FROM tiles WHERE ${where}` }))?.code).toBe('tile-extra');
    }
  });

  it('finds altered bytes and numbers of a tile', async () => {
    const edits: Edit[] = [];
    const flip = (column: string, byte: number) => {
      const sql = `UPDATE tiles SET ${column} = set_byte(${column}, ${byte}, get_byte(${column}, ${byte}) # 1)`;
      edits.push({ apply: sql, undo: sql });
    };
    for (let byte = 0; byte < 8192; byte += 97) flip('hashes', byte);
    flip('hashes', 8191);
    for (let byte = 0; byte < 32; byte += 5) flip('root', byte);
    for (const column of ['level', 'tile_index']) {
      edits.push({
        apply: `UPDATE tiles SET ${column} = ${column} + 1`,
        undo: `UPDATE tiles SET ${column} = ${column} - 1`,
      });
    }
    for (const edit of edits) expect(await faultWith(edit)).toMatchObject({ code: 'tile', blockIndex: 3 });
  });

  it('finds a key or a device that is missing, and one too many', async () => {
    const device = `device = 'Raspberry Pi 2'`;
    const key = `key_id = (SELECT key_id FROM key_devices WHERE ${device})`;
    const edits = [
      await without('key_devices', device),
      await without('keys', key),
      {
        apply: `INSERT INTO key_devices SELECT key_id, 'Raspberry Pi 9', leaf_index FROM key_devices WHERE ${device}`,
        undo: `DELETE FROM key_devices WHERE device = 'Raspberry Pi 9'`,
      },
      {
        apply: `INSERT INTO key_devices VALUES (sha256('nobody'), 'Raspberry Pi 9', 0)`,
        undo: `DELETE FROM key_devices WHERE device = 'Raspberry Pi 9'`,
      },
      {
        apply: `INSERT INTO keys SELECT sha256('nobody'), public_key, leaf_index FROM keys WHERE ${key}`,
        undo: `DELETE FROM keys WHERE key_id = sha256('nobody')`,
      },
    ];
    for (const edit of edits) expect((await faultWith(edit))?.code).toBe('registry-table');
  });

  it('finds a device, or places of its readings, that are missing, and too many', async () => {
    const device = `device = 'Raspberry Pi 2'`;
    const first = `${device} AND first_leaf = (SELECT min(first_leaf) FROM device_readings WHERE ${device})`;
    const another = `DELETE FROM device_readings WHERE device = 'Raspberry Pi 9'`;
    const last = '(SELECT max(first_leaf + offsets[cardinality(offsets)]) + 3 FROM device_readings)';
    const edits = [
      await without('devices', device),
      await without('device_readings', first),
      {
        apply: `INSERT INTO devices SELECT 'Raspberry Pi 9', 1, 1, 0, 0, '{}', 5, 5`,
        undo: `DELETE FROM devices WHERE device = 'Raspberry Pi 9'`,
      },
      { apply: `INSERT INTO device_readings VALUES ('Raspberry Pi 9', 3, '{0}')`, undo: another },
      // Of a device that there is: a place past the sealed ones, and one that it has already.
      {
        apply: `INSERT INTO device_readings SELECT 'Raspberry Pi 2', ${last}, '{0}'`,
        undo: `DELETE FROM device_readings WHERE first_leaf = (SELECT max(first_leaf) FROM device_readings)`,
      },
      {
        apply: `UPDATE device_readings SET offsets = offsets || offsets[2] WHERE ${first}`,
        undo: `UPDATE device_readings SET offsets = trim_array(offsets, 1) WHERE ${first}`,
      },
    ];
    for (const edit of edits) expect((await faultWith(edit))?.code).toBe('device-table');
  });

  it('does not mind who seals', async () => {
    const apply = `UPDATE sealer_lease SET holder = gen_random_uuid(), token = token + 5, expires_at = 'epoch'`;
    const undo = `UPDATE sealer_lease SET token = token`;
    expect(await faultWith({ apply, undo })).toBeUndefined();
  });

  it('is sound again after all of this', async () => {
    expect((await stored.validate()).fault).toBeUndefined();
  });
});

// Whoever alters one stored byte is found: a real ledger in PostgreSQL, every column of every table, byte by byte, and the place that
// validation names. Constraints that would refuse an edit are dropped first: somebody who owns the database can drop them too.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept } from '../testing/post-readings.ts';
import { type Edit, openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

/** Columns that say nothing about the ledger: the single row's marker, and who seals at the moment. */
const WITHOUT_MEANING =
  /^(schema_migrations\.|sealer_lease\.|enrolment_nonces\.|invites\.|witness|cosigned_checkpoint\.|(ledger|log_counter|chain_head|devices_mark)\.is_only$)/;

/** Leaves of the ledger below: `first` is the first of each block. The last three are pending. */
const LEAVES = 16;
const PENDING = 3;
const BLOCKS = [
  { blockIndex: 0, first: 0, end: 0 },
  { blockIndex: 1, first: 0, end: 6 },
  { blockIndex: 2, first: 6, end: 10 },
  { blockIndex: 3, first: 10, end: 13 },
];

let receiver: TestReceiver;
let stored: StoredLedger;
const covered = new Set<string>();

beforeAll(async () => {
  receiver = await startTestReceiver({ variables: { TRANSACTIONS_PER_BLOCK: '3', BLOCK_MAX_WAIT_MS: '0' } });
  stored = await openStoredLedger(receiver);
  const [ed25519, ecdsa, rsa] = [makeDevice('ed25519'), makeDevice('ecdsa-p256'), makeDevice('rsa-pss')];
  const another = makeDevice('ed25519');
  const send = (device: ReturnType<typeof makeDevice>, data: string) => mustAccept(receiver.url, device.envelope(data));
  // Block 1: a first use and a reading of each algorithm (leaves 0 to 5). The RSA key speaks for its own device.
  await send(ed25519, '{"device":"Raspberry Pi 1","distance":1.5}');
  await send(ecdsa, '{"device":"Raspberry Pi 2","distance":2.5}');
  await send(rsa, '{"distance":3.5}');
  // Block 2: another device of a known key (leaf 8).
  await send(ed25519, '{"device":"Raspberry Pi 1","distance":4}');
  await send(ecdsa, '{"device":"Raspberry Pi 2","distance":5}');
  await send(ed25519, '{"device":"Raspberry Pi 3","distance":6}');
  // Block 3.
  for (const [distance, seq] of [
    [7, 4],
    [8, 6],
    [9, 6],
  ]) {
    await send(ed25519, `{"device":"Raspberry Pi 1","distance":${distance},"seq":${seq},"timestamp":1717979369.5}`);
  }
  // Pending: a first use, its reading, and one more.
  await send(another, '{"device":"Raspberry Pi 4","distance":10}');
  await send(ecdsa, '{"device":"Raspberry Pi 2","distance":11}');
  await stored.untilSealed({ leaves: LEAVES, pending: PENDING });
  await dropConstraints();
});
afterAll(async () => {
  await stored.close();
  await receiver.stop();
});

async function dropConstraints(): Promise<void> {
  const { rows } = await stored.pool.query<{ drop: string }>(
    `SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS drop
       FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
      WHERE conrelid::regclass::text IN ('leaves', 'transactions', 'keys', 'key_devices', 'blocks', 'tiles',
                                           'devices', 'device_readings')
        AND contype IN ('c', 'p', 'u')`,
  );
  for (const row of rows) await stored.pool.query(row.drop);
}

interface Cell {
  readonly table: string;
  readonly column: string;
  /** Picks one row, by other columns than this one. */
  readonly where: string;
}

/** An element of an array, `seen[2]`, stands for its column. */
function noteCovered({ table, column }: Cell): void {
  covered.add(`${table}.${column.replace(/\[.*/, '')}`);
}

/** Turns bits of one byte over; doing it again takes it back. */
function flip(cell: Cell, at: { byte: number; mask: number; isText?: boolean }): Edit {
  noteCovered(cell);
  const { table, column, where } = cell;
  const bytes = at.isText ? `convert_to(${column}, 'UTF8')` : column;
  const flipped = `set_byte(${bytes}, ${at.byte}, get_byte(${bytes}, ${at.byte}) # ${at.mask})`;
  const value = at.isText ? `convert_from(${flipped}, 'UTF8')` : flipped;
  const sql = `UPDATE ${table} SET ${column} = ${value} WHERE ${where}`;
  return { apply: sql, undo: sql };
}

/** Gives a value to a column that has none. */
function set(cell: Cell, value: string): Edit {
  noteCovered(cell);
  const { table, column, where } = cell;
  const sql = (to: string) => `UPDATE ${table} SET ${column} = ${to} WHERE ${where}`;
  return { apply: sql(value), undo: sql('NULL') };
}

/** Adds to a number. */
function add(cell: Cell, by: number): Edit {
  noteCovered(cell);
  const { table, column, where } = cell;
  const sql = (amount: number) => `UPDATE ${table} SET ${column} = ${column} + (${amount}) WHERE ${where}`;
  return { apply: sql(by), undo: sql(-by) };
}

async function bytesIn({ table, column, where }: Cell): Promise<number> {
  const { rows } = await stored.pool.query<{ size: number }>(
    `SELECT octet_length(${column}) AS size FROM ${table} WHERE ${where}`,
  );
  expect(rows).toHaveLength(1);
  return rows[0]?.size ?? 0;
}

/** Every byte of a cell turned over, one at a time; gives what validation said of each. */
async function flipEach(
  cell: Cell,
  options: { mask?: number; isText?: boolean; bytes?: (byte: number) => boolean } = {},
): Promise<{ byte: number; code: string | undefined; blockIndex?: number; leafIndex?: number }[]> {
  const sizeBytes = await bytesIn(cell);
  expect(sizeBytes).toBeGreaterThan(0);
  const said = [];
  for (let byte = 0; byte < sizeBytes; byte++) {
    if (options.bytes && !options.bytes(byte)) continue;
    const { mask = 0x01, isText = false } = options;
    const { fault } = await stored.validateWith(flip(cell, { byte, mask, isText }));
    const { blockIndex, leafIndex } = fault ?? {};
    const place = { ...(blockIndex !== undefined && { blockIndex }), ...(leafIndex !== undefined && { leafIndex }) };
    said.push({ byte, code: fault?.code, ...place });
  }
  return said;
}

describe('validateChain with one byte altered', () => {
  it('finds nothing while nothing is altered', async () => {
    const report = await stored.validate();
    expect(report).toMatchObject({ blocks: 4, leaves: LEAVES, pending: PENDING, readings: 11, devices: 5, keys: 4 });
    expect(report.fault).toBeUndefined();
  });

  const kinds = [
    { leafIndex: 0, what: 'the first use of an Ed25519 key' },
    { leafIndex: 1, what: 'an Ed25519 reading' },
    { leafIndex: 3, what: 'an ECDSA reading' },
    { leafIndex: 5, what: 'an RSA reading, the last of its block' },
    { leafIndex: 8, what: 'a further device of a known key' },
    { leafIndex: 12, what: 'the newest sealed reading' },
    { leafIndex: 13, what: 'a pending first use' },
    { leafIndex: 14, what: 'a pending reading' },
    { leafIndex: 15, what: 'the newest pending reading' },
  ];
  it.each(kinds)('finds each byte of $what (leaf $leafIndex) and names it', async ({ leafIndex }) => {
    const block = BLOCKS.find(({ first, end }) => first <= leafIndex && leafIndex < end);
    const cell = { table: 'leaves', column: 'leaf', where: `leaf_index = ${leafIndex}` };
    // An RSA signature is 256 bytes of one kind: a part of them stands for all.
    const bytes = (byte: number) => byte < 64 || byte % 5 === 0 || byte > 290 || leafIndex !== 5;
    const place = { ...(block && { blockIndex: block.blockIndex }), leafIndex };
    for (const said of await flipEach(cell, { bytes })) {
      if (isReceivedAt(said.byte)) continue;
      expect(said).toMatchObject({ code: expect.any(String), ...place });
    }
  });

  it('finds each byte of received_at in a sealed leaf and names the leaf', async () => {
    for (const { blockIndex, first, end } of BLOCKS) {
      for (let leafIndex = first; leafIndex < end; leafIndex++) {
        const cell = { table: 'leaves', column: 'leaf', where: `leaf_index = ${leafIndex}` };
        for (const said of await flipEach(cell, { bytes: isReceivedAt })) {
          expect(said).toMatchObject({ code: expect.any(String), blockIndex, leafIndex });
        }
      }
    }
  });

  it('finds each byte of received_at in a pending leaf and names it', async () => {
    for (const leafIndex of [12, 13, 14, 15]) {
      const cell = { table: 'leaves', column: 'leaf', where: `leaf_index = ${leafIndex}` };
      for (const said of await flipEach(cell, { bytes: isReceivedAt })) {
        expect(said).toMatchObject({ code: expect.any(String), leafIndex });
      }
    }
  });

  it.each(BLOCKS)('finds each byte of block $blockIndex and names it', async ({ blockIndex }) => {
    const where = `block_index = ${blockIndex}`;
    for (const column of ['header', 'hash', 'signature']) {
      for (const said of await flipEach({ table: 'blocks', column, where }, { mask: 0x80 })) {
        expect(said).toMatchObject({ code: expect.any(String), blockIndex });
        expect(said.leafIndex).toBeUndefined();
      }
    }
    for (const by of [-1, 1]) {
      const { fault } = await stored.validateWith(add({ table: 'blocks', column: 'log_size', where }, by));
      expect(fault).toMatchObject({ blockIndex });
    }
  });

  it('finds each byte of a header whose stored hash was made to fit', async () => {
    for (let byte = 0; byte < 116; byte++) {
      const flipped = `set_byte(header, ${byte}, get_byte(header, ${byte}) # 1)`;
      const sql = `UPDATE blocks SET header = ${flipped}, hash = sha256(${flipped}) WHERE block_index = 2`;
      expect((await stored.validateWith({ apply: sql, undo: sql })).fault).toMatchObject({ blockIndex: 2 });
    }
  });

  it('finds a block or a leaf that stands at another place', async () => {
    for (const { blockIndex, end } of BLOCKS) {
      const cell = { table: 'blocks', column: 'block_index', where: `log_size = ${end}` };
      for (const by of [-1, 1]) {
        const { fault } = await stored.validateWith(add(cell, by));
        // Two blocks at one index: which of them is the wrong one is not said.
        expect([blockIndex - 1, blockIndex]).toContain(fault?.blockIndex);
      }
    }
    for (const leafIndex of [0, 7, 12, 14, 15]) {
      const { rows } = await stored.pool.query<{ leaf: string }>(
        `SELECT encode(leaf, 'hex') AS leaf FROM leaves WHERE leaf_index = ${leafIndex}`,
      );
      const where = `leaf = '\\x${rows[0]?.leaf}'`;
      const cell = { table: 'leaves', column: 'leaf_index', where };
      expect((await stored.validateWith(add(cell, 1))).fault).toMatchObject({ code: 'leaf-missing', leafIndex });
      if (leafIndex > 0) expect((await stored.validateWith(add(cell, -1))).fault).toBeDefined();
    }
  });

  it('finds each byte of a transaction id, and each id that leads to another leaf', async () => {
    for (const { leafIndex } of kinds) {
      const where = `leaf_index = ${leafIndex}`;
      for (const said of await flipEach({ table: 'transactions', column: 'transaction_id', where })) {
        expect(said).toMatchObject({ code: 'transaction', leafIndex });
      }
      const { rows } = await stored.pool.query<{ id: string }>(
        `SELECT encode(transaction_id, 'hex') AS id FROM transactions WHERE ${where}`,
      );
      const cell = { table: 'transactions', column: 'leaf_index', where: `transaction_id = '\\x${rows[0]?.id}'` };
      for (const by of [-1, 1]) {
        expect((await stored.validateWith(add(cell, by))).fault).toMatchObject({ code: 'transaction', leafIndex });
      }
    }
  });

  it('finds each byte of the leaf hash and each change of the time that are kept of a transaction', async () => {
    for (const { leafIndex } of kinds) {
      const where = `leaf_index = ${leafIndex}`;
      for (const said of await flipEach({ table: 'transactions', column: 'leaf_hash', where })) {
        expect(said).toMatchObject({ code: 'transaction', leafIndex });
      }
      for (const by of [-1, 1]) {
        const cell = { table: 'transactions', column: 'received_at', where };
        expect((await stored.validateWith(add(cell, by))).fault).toMatchObject({ code: 'transaction', leafIndex });
      }
    }
  });

  it('finds each byte and number of the mark of the newest block', async () => {
    for (const { code } of await flipEach({ table: 'chain_head', column: 'hash', where: 'is_only' })) {
      expect(code).toBe('block-missing');
    }
    for (const by of [-1, 1]) {
      const { fault } = await stored.validateWith(
        add({ table: 'chain_head', column: 'block_index', where: 'is_only' }, by),
      );
      expect(fault?.code).toBe('block-missing');
    }
  });

  it('finds each byte and number of the tables of keys and devices', async () => {
    for (const leafIndex of [0, 4, 13]) {
      const where = `leaf_index = ${leafIndex}`;
      for (const column of ['key_id', 'public_key']) {
        // An RSA key is 294 bytes.
        const said = await flipEach({ table: 'keys', column, where }, { bytes: (byte) => byte < 64 || byte % 7 === 0 });
        expect(said.filter(({ code }) => code !== 'registry-table')).toEqual([]);
      }
    }
    for (const leafIndex of [0, 4, 8, 13]) {
      const where = `leaf_index = ${leafIndex}`;
      const said = [
        ...(await flipEach({ table: 'key_devices', column: 'key_id', where })),
        ...(await flipEach({ table: 'key_devices', column: 'device', where }, { isText: true })),
      ];
      expect(said.filter(({ code }) => code !== 'registry-table')).toEqual([]);
    }
    for (const by of [-1, 1]) {
      const device = `device = 'Raspberry Pi 3'`;
      const key = `key_id = (SELECT key_id FROM key_devices WHERE ${device})`;
      const cells = [
        { table: 'keys', column: 'leaf_index', where: key },
        { table: 'key_devices', column: 'leaf_index', where: device },
      ];
      for (const cell of cells) expect((await stored.validateWith(add(cell, by))).fault?.code).toBe('registry-table');
    }
    const revoked = { table: 'keys', column: 'revoked_at_leaf', where: 'leaf_index = 0' };
    expect((await stored.validateWith(set(revoked, '5'))).fault?.code).toBe('registry-table');
  });

  it('finds each byte and number of the tables of devices', async () => {
    const first = `device = 'Raspberry Pi 1'`;
    for (const where of ['duplicates = 1', 'readings = 2']) {
      const said = await flipEach({ table: 'devices', column: 'device', where }, { isText: true });
      expect(said.filter(({ code }) => code !== 'device-table')).toEqual([]);
    }
    const numbers = [
      'readings',
      'readings_without_seq',
      'duplicates',
      'missing_unplaced',
      'first_received_at',
      'last_received_at',
    ];
    const columns = [...numbers, 'seen[1]', 'seen[2]', 'seen[3]', 'seen[4]', 'last_device_time', 'last_clock_offset'];
    const cells = columns.map((column) => ({ table: 'devices', column, where: first }));
    for (const cell of [...cells, { table: 'devices_mark', column: 'log_size', where: 'is_only' }]) {
      for (const by of [-1, 1]) {
        expect((await stored.validateWith(add(cell, by))).fault?.code).toBe('device-table');
      }
    }
    for (const [apply, undo] of [
      [`seen = seen || '{20,21}'::bigint[]`, 'seen = seen[1:4]'],
      ['seen = seen[1:2]', 'seen = seen || ARRAY[6, 7]::bigint[]'],
      ['last_device_time = NULL', 'last_device_time = 1717979369500000'],
      ['last_clock_offset = NULL', 'last_clock_offset = last_device_time - last_received_at'],
    ]) {
      const edit = {
        apply: `UPDATE devices SET ${apply} WHERE ${first}`,
        undo: `UPDATE devices SET ${undo} WHERE ${first}`,
      };
      expect((await stored.validateWith(edit)).fault?.code).toBe('device-table');
    }
  });

  it('finds each number of the newest places of a device’s readings', async () => {
    const { rows } = await stored.pool.query<{ device: string; places: number }>(
      'SELECT device, cardinality(newest_leaves) AS places FROM devices ORDER BY device',
    );
    for (const { device, places } of rows) {
      for (let place = 1; place <= places; place++) {
        const cell = { table: 'devices', column: `newest_leaves[${place}]`, where: `device = '${device}'` };
        for (const by of [-1, 1]) expect((await stored.validateWith(add(cell, by))).fault?.code).toBe('device-table');
      }
    }
    expect(rows.some(({ places }) => places > 1)).toBe(true);
  });

  it('finds each byte and number of the places of a device’s readings, and names the reading', async () => {
    // As if they had been enough for a run.
    await stored.pool.query(
      `INSERT INTO device_readings
       SELECT device, newest_leaves[1], ARRAY (SELECT (leaf - newest_leaves[1])::integer FROM unnest(newest_leaves) AS leaf)
         FROM devices`,
    );
    await stored.pool.query(`UPDATE devices SET newest_leaves = '{}'`);
    const { rows } = await stored.pool.query<{ device: string; first_leaf: bigint }>(
      'SELECT device, first_leaf FROM device_readings WHERE first_leaf <= 6 ORDER BY first_leaf',
    );
    expect(rows.length).toBeGreaterThan(2);
    for (const { device, first_leaf: leaf } of rows) {
      const at = { leafIndex: Number(leaf) };
      const cell = { table: 'device_readings', column: 'device', where: `first_leaf = ${leaf}` };
      for (const said of await flipEach(cell, { isText: true }))
        expect(said).toMatchObject({ code: 'device-table', ...at });
      for (const [column, where] of [
        [
          'first_leaf',
          `device = '${device}' AND offsets[1] = 0 AND first_leaf BETWEEN ${Number(leaf) - 1} AND ${Number(leaf) + 1}`,
        ],
        ['offsets[1]', `first_leaf = ${leaf}`],
      ] as const) {
        for (const by of [-1, 1]) {
          const { fault } = await stored.validateWith(add({ table: 'device_readings', column, where }, by));
          expect(fault?.code).toBe('device-table');
        }
      }
    }
  });

  it('finds each byte of the ledger’s identity and each number of the counter', async () => {
    for (const said of [
      ...(await flipEach({ table: 'ledger', column: 'public_key', where: 'is_only' })),
      ...(await flipEach({ table: 'ledger', column: 'origin', where: 'is_only' }, { isText: true })),
    ]) {
      expect(said.code).toBe('ledger-identity');
    }
    for (const column of ['next_leaf_index', 'last_received_at', 'registry_version']) {
      for (const by of [-1, 1]) {
        const { fault } = await stored.validateWith(add({ table: 'log_counter', column, where: 'is_only' }, by));
        expect(fault?.code).toBe('counter');
      }
    }
  });

  it('is sound again after all of this, and has met every column but those without meaning', async () => {
    expect((await stored.validate()).fault).toBeUndefined();
    const { rows } = await stored.pool.query<{ name: string }>(
      `SELECT table_name || '.' || column_name AS name
         FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name !~ '^leaves_\\d+$'`,
    );
    const names = rows.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(20);
    const missed = names.filter((name) => !covered.has(name) && !WITHOUT_MEANING.test(name));
    // Tiles need more than 255 leaves: altered-rows.test.ts alters them.
    expect(missed.filter((name) => !name.startsWith('tiles.'))).toEqual([]);
  });
});

/** Bytes 2 to 9 of a leaf (format.md "Leaf"). */
function isReceivedAt(byte: number): boolean {
  return byte >= 2 && byte < 10;
}

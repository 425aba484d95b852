// GET /get_chain over 100,000 blocks: how much the receiver's process grows, and what readers who do not read cost the others.
// The blocks are written straight into the database: they look right to whoever shows them, and would not validate.

import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICE_ENVIRONMENT, serviceArguments } from '../../scripts/service-process.ts';
import { mustAccept } from '../../services/receiver/src/testing/post-readings.ts';
import { type ReceiverProcess, spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { makeTestLedger, type TestLedger } from './ledger-in-a-folder.ts';

const BLOCKS = 100_000;
/** What the project promises. */
const MAX_GROWTH_BYTES = 50 * 1024 * 1024;
/** More than the receiver has database connections. */
const SLOW_READERS = 16;

let ledger: TestLedger;
let receiver: ReceiverProcess;

beforeAll(async () => {
  ledger = await makeTestLedger();
  // Nobody seals: what is written below is not what a sealer would go on from.
  await ledger.pool.query(
    `INSERT INTO sealer_lease (holder, token, expires_at) VALUES (gen_random_uuid(), 1, 'infinity')`,
  );
  // As its users run it: its flags and its malloc decide how much the process takes beyond what the route holds.
  const variables = { ...ledger.variables, ...SERVICE_ENVIRONMENT };
  receiver = await spawnReceiver({ cwd: ledger.folder, variables, command: serviceArguments('receiver') });
});
afterAll(async () => {
  await receiver.stop();
  await ledger.remove();
});

/** A leaf and a block for each number: format.md "Leaf" and "Block header", with zeros where only a verifier would look. */
async function fillChain(): Promise<void> {
  await ledger.pool.query(
    `WITH filled AS (
       INSERT INTO leaves (leaf_index, leaf)
       SELECT number - 1, '\\x0101'::bytea || int8send(1700000000000000 + number) || sha256('key') || '\\x0040'::bytea
              || decode(repeat('00', 64), 'hex')
              || convert_to('{"device": "Raspberry Pi 1", "distance": 12.5, "seq": ' || number || '}', 'UTF8')
         FROM generate_series(1, $1::bigint) AS number)
     UPDATE log_counter SET next_leaf_index = $1`,
    [BLOCKS],
  );
  await ledger.pool.query(
    `INSERT INTO blocks (block_index, hash, log_size, header, signature)
     SELECT number, sha256(header), number, header, decode(repeat('00', 64), 'hex')
       FROM generate_series(1, $1::bigint) AS number,
            LATERAL (SELECT int4send(1) || int8send(number) || sha256('parent') || int8send(1700000000000000 + number)
                            || substr(sha256('lane'), 1, 12) || sha256('root') || int8send(number) || int4send(4)
                            || int8send(number) AS header) AS made`,
    [BLOCKS],
  );
}

/** Reads the whole chain and keeps none of it. Each block is a line. */
async function countBlocks(): Promise<number> {
  const response = await fetch(`${receiver.url}/get_chain`);
  if (!response.body) throw new Error('the chain has no body');
  let lines = 0;
  for await (const chunk of response.body) for (const byte of chunk) if (byte === 0x0a) lines++;
  return lines;
}

/** One of the memory figures of /proc/<pid>/status, in bytes. */
async function memoryBytes(figure: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${receiver.pid}/status`, 'utf8');
  return Number(new RegExp(`^${figure}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
}

/** Asks for the chain and takes nothing beyond what the first packet brought. */
async function startSlowReader(): Promise<Socket> {
  const { hostname, port } = new URL(receiver.url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET /get_chain HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}

describe('GET /get_chain over 100,000 blocks', () => {
  it.skipIf(process.platform !== 'linux')('does not grow the process by more than 50 MB', async () => {
    expect(await countBlocks()).toBe(1);
    await fillChain();
    const before = await memoryBytes('VmRSS');
    // 5 sets the peak back to the present size (proc(5), clear_refs).
    await writeFile(`/proc/${receiver.pid}/clear_refs`, '5');
    expect(await countBlocks()).toBe(BLOCKS + 1);
    const peak = await memoryBytes('VmHWM');
    expect(peak).toBeGreaterThanOrEqual(before);
    expect((peak - before) / MAX_GROWTH_BYTES).toBeLessThan(1);
  });

  it('lets readings in while many clients take the chain and do not read it', async () => {
    const readers = await Promise.all(Array.from({ length: SLOW_READERS }, startSlowReader));
    const device = makeDevice();
    for (let seq = 0; seq < 20; seq++) {
      const [receipt] = await mustAccept(receiver.url, device.envelope(`{"device":"Raspberry Pi 1","seq":${seq}}`));
      expect(receipt?.leaf_index).toBeGreaterThanOrEqual(0);
    }
    // None of the readers got to the end: their sockets were full, and that is what held only themselves up.
    for (const reader of readers) {
      expect(reader.bytesRead).toBeLessThan(10_000_000);
      expect(reader.destroyed).toBe(false);
      reader.destroy();
    }
  });
});

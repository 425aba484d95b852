// A plugin as a user of Telltale would write it: sealed readings of each device, counted in a table of its own, shown by a route and as a metric.
// COUNTS_FAULTS names what it does wrong on purpose, for the tests beside it.

import { fileURLToPath } from 'node:url';
import { Counter } from '@platformatic/prom-client';
import { inTransaction } from '@telltale/database';
import { decodeLeaf, LEAF_KIND, ownDevice, parseReading } from '@telltale/ledger';
import type { PluginContext, ReceiverPlugin, SealedBlock } from '@telltale/plugin';

const FAULTS = ['on-block', 'slow-block', 'on-reading', 'route', 'start', 'query', 'hang-block'] as const;
type Fault = (typeof FAULTS)[number];

interface Configuration {
  readonly faults: ReadonlySet<Fault>;
}

export const plugin: ReceiverPlugin<Configuration> = {
  name: 'device_counts',
  migrations: fileURLToPath(new URL('plugin-device-counts-migrations', import.meta.url)),
  variables(environment) {
    const named = (environment['COUNTS_FAULTS'] ?? '').split(',').filter((name) => name !== '');
    const known = FAULTS.filter((fault) => named.includes(fault));
    if (known.length < named.length) throw new Error(`COUNTS_FAULTS: must be of ${FAULTS.join(', ')}`);
    return { faults: new Set(known) };
  },
  async start({ pool, metrics, log }, { faults }) {
    if (faults.has('start')) throw new Error('told not to start');
    const { rows } = await pool.query<{ next_block: bigint }>('SELECT next_block FROM device_counts_cursor');
    const counted = new Counter({
      name: 'telltale_device_counts_readings_total',
      help: 'Sealed readings counted since the start.',
      registers: [metrics],
    });
    let accepted = 0;
    let failures = 0;
    return {
      blocksFrom: Number(rows[0]?.next_block),
      routes(app) {
        app.get('/v1/device-counts', async () => {
          if (faults.has('route')) throw new Error('told not to answer');
          const found = await pool.query<{ device: string; readings: bigint }>(
            'SELECT device, readings FROM device_counts_devices ORDER BY device',
          );
          return {
            accepted,
            devices: found.rows.map(({ device, readings }) => ({ device, readings: Number(readings) })),
          };
        });
      },
      onListening: ({ url }) => log.info({ url }, 'counting'),
      onReading(readings) {
        if (faults.has('on-reading')) throw new Error('told not to take readings');
        accepted += readings.length;
      },
      async onBlock(block) {
        if (faults.has('hang-block')) await new Promise<never>(() => undefined);
        if (faults.has('slow-block')) await pool.query('SELECT pg_sleep(0.05)');
        // Every third try: each block comes through in the end.
        if (faults.has('on-block') && failures++ % 3 !== 2) throw new Error('told not to take this block');
        counted.inc(await count(pool, block));
      },
      async onQuery() {
        if (faults.has('query')) throw new Error('told not to look');
        return undefined;
      },
      stop: async () => undefined,
    };
  },
};

/** Counts and cursor change together: a crash before COMMIT leaves the block to be counted, one after it leaves it counted once. */
async function count(pool: PluginContext['pool'], block: SealedBlock): Promise<number> {
  const counts = new Map<string, number>();
  for (const device of block.leaves.flatMap(deviceOf)) counts.set(device, (counts.get(device) ?? 0) + 1);
  return inTransaction(pool, { isolation: 'read committed' }, async (client) => {
    const moved = await client.query('UPDATE device_counts_cursor SET next_block = $1 + 1 WHERE next_block = $1', [
      block.blockIndex,
    ]);
    // It comes again: it was counted, and only the answer was lost.
    if (moved.rowCount !== 1) return 0;
    await client.query(
      `INSERT INTO device_counts_devices AS old (device, readings)
       SELECT * FROM unnest($1::text[], $2::bigint[])
       ON CONFLICT (device) DO UPDATE SET readings = old.readings + excluded.readings`,
      [[...counts.keys()], [...counts.values()]],
    );
    return [...counts.values()].reduce((sum, readings) => sum + readings, 0);
  });
}

function deviceOf(bytes: Uint8Array): string[] {
  const leaf = decodeLeaf(bytes);
  if (!leaf.ok || leaf.value.kind !== LEAF_KIND.reading) return [];
  const reading = parseReading(leaf.value.message);
  return reading.ok ? [reading.value.device ?? ownDevice(leaf.value.keyId)] : [];
}

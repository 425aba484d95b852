// Several plugins beside each other on a real database, some of them bad: the order of things, and what callers hear in spite of them.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Gauge } from '@platformatic/prom-client';
import { openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import type { FoundReading, PluginContext, ReceiverPlugin, RunningPlugin } from '@telltale/plugin';
import { makeSealedChain } from '@telltale/plugin/testing';
import fastify, { type FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { ReceiverMetrics } from '../http/metrics-registry.ts';
import { type Ledger, openLedger } from '../ledger.ts';
import { Publisher } from '../publish.ts';
import { PLUGINS_STOP_MS } from '../start-stop.ts';
import { loadHead } from '../store/block-store.ts';
import { until } from '../testing/until.ts';
import { Plugins } from './plugins.ts';

const nowUs = () => Date.now() * 1000;
const chain = makeSealedChain({ blockCount: 1, readingsPerBlock: 2 });
const [first, second] = chain.readings;
if (!first || !second) throw new Error('the chain has no readings');
const found: FoundReading = { origin: chain.ledger.origin, leafIndex: 0, leaf: first.leaf };

let database: TestDatabase;
let dataDir: string;
let pool: Pool;
let ledger: Ledger;
let app: FastifyInstance;
let told: string[];
let metrics: ReceiverMetrics;
const ends: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  database = await createTestDatabase(inject('testServer'));
  dataDir = await mkdtemp(join(tmpdir(), 'telltale-plugins-'));
  const connection = { connection: database.target, applicationName: 'telltale-test', onError: () => undefined };
  pool = openPool({ ...connection, maxConnections: 4 });
  const keyFile = join(dataDir, 'ledger-key.pem');
  ledger = await openLedger(pool, { keyFile, origin: 'plugins.example/log', difficultyBits: 0, nowUs });
  app = fastify();
  told = [];
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await app.close();
  await pool.end();
  await database.drop();
  await rm(dataDir, { recursive: true });
});

/** These plugins, not started; stopped at the end of the test. */
async function makePlugins(...plugins: ReceiverPlugin[]): Promise<Plugins> {
  const publisher = new Publisher(await loadHead(pool));
  metrics = new ReceiverMetrics({ publisher, countLeaves: async () => 0 });
  const loaded = plugins.map((plugin) => ({ plugin, configuration: undefined }));
  const config = { dataDir, host: '127.0.0.1', port: 0 };
  const log = pino({ level: 'silent' });
  const made = new Plugins(loaded, { target: database.target, pool, ledger, publisher, metrics, config, log, nowUs });
  ends.push(() => made.stop());
  return made;
}

/** A plugin that tells when it starts and stops. */
function telling(
  name: string,
  running: (context: PluginContext) => Partial<RunningPlugin> = () => ({}),
): ReceiverPlugin {
  return {
    name,
    async start(context) {
      told.push(`start ${name}`);
      const stop = async () => void told.push(`stop ${name}`);
      return { stop, ...running(context) };
    },
  };
}

const never = () => new Promise<never>(() => undefined);
const fails = async () => {
  throw new Error('it will not');
};

describe('plugins', () => {
  it('leave the time that they do not need for their stop to the others', async () => {
    // Longer than an equal part of three.
    const slow = async () => {
      await delay(PLUGINS_STOP_MS / 2);
      told.push('stopped');
    };
    const plugins = await makePlugins(
      telling('a', () => ({ stop: slow })),
      telling('b'),
      telling('c'),
    );
    await plugins.start(app);
    await plugins.stop();
    expect(told.at(-1)).toBe('stopped');
  });

  it('start in order and stop in reverse, each before the next, also where one fails to stop', async () => {
    const plugins = await makePlugins(
      telling('a'),
      telling('b', () => ({ stop: fails })),
      telling('c'),
    );
    await plugins.start(app);
    await plugins.stop();
    expect(told).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop a']);
  });

  it.each([
    ['start', { name: 'b', start: fails }, 'plugin b could not start: it will not'],
    ['give its routes', telling('b', () => ({ routes: fails })), 'plugin b could not register its routes: it will not'],
    ['name a block', telling('b', () => ({ blocksFrom: -1 })), 'plugin b asks for blocks from -1'],
    [
      'have a free path',
      telling('b', () => ({ routes: (scope) => void scope.get('/taken', fails) })),
      'plugin b could not',
    ],
  ])('do not start where one of them does not %s, and those before it can be stopped', async (_, bad, message) => {
    app.get('/taken', async () => 'the receiver’s');
    const plugins = await makePlugins(telling('a'), bad);
    await expect(plugins.start(app)).rejects.toMatchObject({
      code: 'plugin-failed',
      message: expect.stringContaining(message),
    });
    await plugins.stop();
    expect(told[0]).toBe('start a');
    expect(told.at(-1)).toBe('stop a');
  });

  it('have connections of their own, which end with them, and sign only texts of their own', async () => {
    let context: PluginContext | undefined;
    const plugins = await makePlugins(
      telling('a', (given) => {
        context = given;
        return {};
      }),
    );
    await plugins.start(app);
    const names = async () => {
      const { rows } = await pool.query(`SELECT 1 FROM pg_stat_activity WHERE application_name = 'telltale-plugin-a'
                                            AND datname = current_database()`);
      return rows.length;
    };
    await context?.pool.query('SELECT 1');
    expect(await names()).toBe(1);
    expect(context?.ledger.signText(Buffer.from('telltale-a-v1\n'))).toHaveLength(64);
    expect(() => context?.ledger.signText(Buffer.from('telltale-block-v1\n'))).toThrow();
    await plugins.stop();
    await until('the connection is gone', async () => (await names()) === 0);
  });

  it('show their metrics, and one that cannot takes only its own away', async () => {
    const plugins = await makePlugins(
      telling('a', ({ metrics: registry }) => {
        new Gauge({ name: 'telltale_a_bad', help: 'Nothing.', registers: [registry], collect: fails });
        return {};
      }),
      telling('b'),
    );
    await plugins.start(app);
    const text = await metrics.text();
    expect(text).toContain('telltale_head_block_index 0');
    expect(await metrics.text()).toContain('telltale_plugin_errors_total{plugin="a",call="metrics"} 1');
  });
});

describe('a reading that is looked for', () => {
  const ask = telling('good', () => ({ onQuery: async () => found }));

  it('is what the first plugin that has it gives, past those that fail, hang or lie', async () => {
    const lie = { ...found, leaf: second.leaf };
    const plugins = await makePlugins(
      telling('failing', () => ({ onQuery: fails })),
      telling('hanging', () => ({ onQuery: never })),
      telling('lying', () => ({ onQuery: async () => lie })),
      telling('silent'),
      ask,
    );
    await plugins.start(app);
    expect(await plugins.findReading(first.transactionId)).toEqual(found);
  });

  it('is undefined at once where the receiver stops meanwhile', async () => {
    const plugins = await makePlugins(telling('hanging', () => ({ onQuery: never })));
    await plugins.start(app);
    const asked = plugins.findReading(first.transactionId);
    await plugins.stop();
    expect(await asked).toBeUndefined();
  });

  it('is refused for now where 64 are looked for', async () => {
    const plugins = await makePlugins(telling('hanging', () => ({ onQuery: never })));
    await plugins.start(app);
    const asked = Array.from({ length: 64 }, () => plugins.findReading(first.transactionId));
    await expect(plugins.findReading(first.transactionId)).rejects.toMatchObject({ code: 'overloaded' });
    await plugins.stop();
    await Promise.all(asked);
    expect(await plugins.findReading(first.transactionId)).toBeUndefined();
  });
});

describe('leaves that must be elsewhere', () => {
  const says = (name: string, answer: () => Promise<boolean>) => telling(name, () => ({ untilReplicated: answer }));
  const yes = async () => true;

  it('are so when every plugin that replicates says so', async () => {
    const plugins = await makePlugins(says('a', yes), telling('none'), says('b', yes));
    expect(plugins.isReplicating).toBe(false);
    await plugins.start(app);
    expect(plugins.isReplicating).toBe(true);
    expect(await plugins.untilReplicated([1, 2], 10_000)).toBe(true);
  });

  it.each([
    ['says no', async () => false],
    ['fails', fails],
    ['does not answer in time', never],
  ])('are not when one of them %s', async (_, answer) => {
    const plugins = await makePlugins(says('a', yes), says('b', answer));
    await plugins.start(app);
    expect(await plugins.untilReplicated([1], 50)).toBe(false);
  });

  it('are not, at once, when the receiver stops, or too many wait already', async () => {
    const plugins = await makePlugins(says('a', never));
    await plugins.start(app);
    const waiting = plugins.untilReplicated([...Array(6_000).keys()], 2 ** 30);
    expect(await plugins.untilReplicated([1], 2 ** 30)).toBe(false);
    await plugins.stop();
    expect(await waiting).toBe(false);
  });
});

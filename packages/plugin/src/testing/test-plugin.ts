// What every plugin must hold to, whatever it does, on a real PostgreSQL and without a receiver: it starts and starts again, takes each block in
// order and again, keeps its cursor, and ends. That it never stops sealing is the receiver's part, and tested there.

import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from '@platformatic/prom-client';
import { migratePlugin, openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import { asHash } from '@telltale/ledger';
import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Environment, type PluginLog, pluginFaults, type ReceiverPlugin, type RunningPlugin } from '../index.ts';
import { makeSealedChain, type SealedChain } from './sealed-chain.ts';

/** A plugin, and variables with which it works alone. */
export interface PluginUnderTest {
  readonly plugin: ReceiverPlugin;
  readonly environment?: Environment;
}

/** How long a call for which nothing has to be waited may take, milliseconds. Far above what it takes. */
const PATIENCE_MS = 20_000;
const MIGRATION = /^\d{4}_[a-z0-9_]+\.sql$/;

/**
 * The tests of a plugin, for its own test file; `make` is called for each test. Needs the project's vitest set-up: a database of its own for each
 * test. Readings and blocks are those of a small ledger in memory.
 */
export function testPlugin(make: () => PluginUnderTest): void {
  let database: TestDatabase;
  let dataDir: string;
  let ends: (() => Promise<unknown>)[];
  let chain: SealedChain;
  beforeEach(async () => {
    database = await createTestDatabase(inject('testServer'));
    dataDir = await mkdtemp(join(tmpdir(), 'telltale-plugin-'));
    ends = [];
    chain = makeSealedChain({ blockCount: 6, readingsPerBlock: 3 });
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
    await database.drop();
    await rm(dataDir, { recursive: true });
  });

  function poolOf({ target: connection }: TestDatabase) {
    const log = { applicationName: 'telltale-test', onError: () => undefined };
    const pool = openPool({ connection, maxConnections: 4, ...log });
    ends.push(() => pool.end());
    return pool;
  }

  async function tablesOf(of: TestDatabase): Promise<string[]> {
    const { rows } = await poolOf(of).query<{ tablename: string }>(
      `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`,
    );
    return rows.map(({ tablename }) => tablename);
  }

  /** As the receiver starts it, on the database and the folder of this test. */
  async function start(): Promise<{ running: RunningPlugin; app: FastifyInstance; url: string; metrics: Registry }> {
    const { plugin, environment = {} } = make();
    const { name, migrations: folder } = plugin;
    if (folder !== undefined) await migratePlugin(database.target, { name, folder }, silent);
    const pool = poolOf(database);
    const metrics = new Registry();
    const listen = { host: '127.0.0.1', port: 0 };
    const { ledger, blockReader: blocks, readingReader: readings } = chain;
    const context = { pool, ledger, log: silent, metrics, dataDir, listen, nowUs, blocks, readings };
    const running = await plugin.start(context, plugin.variables?.(environment));
    const app = fastify();
    app.setValidatorCompiler(validatorCompiler);
    app.setSerializerCompiler(serializerCompiler);
    ends.push(() => app.close());
    await app.register(async (scope) => running.routes?.(scope));
    const url = await app.listen(listen);
    await running.onListening?.({ url });
    return { running, app, url, metrics };
  }

  const bring = async (running: RunningPlugin, range: { start: number; end: number }) => {
    for (const block of chain.blocks.slice(range.start, range.end)) await running.onBlock?.(block);
  };

  describe('as every plugin', () => {
    it('has the shape of a plugin, and migrations of which each has a number', async () => {
      const { plugin } = make();
      expect(pluginFaults(plugin)).toEqual([]);
      const files = plugin.migrations === undefined ? [] : await readdir(plugin.migrations);
      expect(files.filter((file) => file.endsWith('.sql') && !MIGRATION.test(file))).toEqual([]);
    });

    it('reads its variables from what it is given, or says in one line what is wrong with them', () => {
      const { plugin } = make();
      const outcome = () => plugin.variables?.(Object.freeze({}));
      try {
        outcome();
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect(String(error)).not.toContain('\n');
      }
    });

    it('starts, takes readings and every block, and ends', { timeout: PATIENCE_MS }, async () => {
      const { running } = await start();
      expect(running.blocksFrom ?? 0).toBe(0);
      await running.onReading?.(chain.readings.slice(0, 4));
      await bring(running, { start: 0, end: chain.blocks.length });
      await running.onReading?.(chain.readings.slice(4));
      await running.stop();
    });

    it('asks for no block later than the one after the last that it took', { timeout: PATIENCE_MS }, async () => {
      for (const end of [3, chain.blocks.length]) {
        const { running } = await start();
        const from = running.blocksFrom ?? 0;
        await bring(running, { start: from, end });
        await running.stop();
        const again = await start();
        const { blocksFrom = 0 } = again.running;
        expect(Number.isSafeInteger(blocksFrom)).toBe(true);
        expect(blocksFrom).toBeGreaterThanOrEqual(0);
        expect(blocksFrom).toBeLessThanOrEqual(end);
        await again.running.stop();
      }
    });

    it('takes a block again that it took already', { timeout: PATIENCE_MS }, async () => {
      const { running } = await start();
      await bring(running, { start: 0, end: 3 });
      await bring(running, { start: 2, end: 4 });
      await running.stop();
    });

    it('finds nothing for an id that nobody gave out, within its time', { timeout: PATIENCE_MS }, async () => {
      const { running } = await start();
      const transactionId = asHash(new Uint8Array(32).fill(0xee));
      const signal = AbortSignal.timeout(PATIENCE_MS / 2);
      expect(await running.onQuery?.({ kind: 'reading', transactionId }, { signal })).toBeUndefined();
      await running.stop();
    });

    it('says within the time whether leaves are elsewhere', { timeout: PATIENCE_MS }, async () => {
      const { running } = await start();
      await bring(running, { start: 0, end: chain.blocks.length });
      const answer = await running.untilReplicated?.([0, 1], 100);
      expect(['boolean', 'undefined']).toContain(typeof answer);
      await running.stop();
    });

    it('calls its metrics by its name, and each has a line of help', async () => {
      const { running, metrics } = await start();
      const { name } = make().plugin;
      await bring(running, { start: 0, end: 2 });
      const shown = await metrics.getMetricsAsJSON();
      expect(shown.filter((metric) => !metric.name.startsWith(`telltale_${name}_`) || metric.help === '')).toEqual([]);
      await running.stop();
    });

    it('keeps its tables under its name', async () => {
      const { running } = await start();
      const { name } = make().plugin;
      await running.stop();
      const untouched = await createTestDatabase(inject('testServer'));
      ends.push(() => untouched.drop());
      const ofLedger = new Set(await tablesOf(untouched));
      const own = (await tablesOf(database)).filter((table) => !ofLedger.has(table));
      expect(own.filter((table) => !table.startsWith(`${name}_`) && table !== `plugin_${name}_migrations`)).toEqual([]);
    });
  });
}

const silent: PluginLog = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

const nowUs = () => Date.now() * 1000;

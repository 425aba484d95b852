// The whole wiring of the receiver, from the database to the routes. Started in order, stopped in reverse.

import helmet from '@fastify/helmet';
import { migrate, openPool, startEmbeddedServer } from '@telltale/database';
import { BITS_PER_DIFFICULTY } from '@telltale/ledger';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Logger } from 'pino';
import type { ReceiverConfig } from './config.ts';
import { handleError, handleNotFound } from './http/error-table.ts';
import { getChainRoute } from './http/get-chain.ts';
import { healthRoute } from './http/health.ts';
import { receiveDataRoute } from './http/receive-data.ts';
import { registerSwagger } from './http/swagger.ts';
import { validateChainRoute } from './http/validate-chain.ts';
import { acceptReadings } from './ingest/accept.ts';
import { GroupCommit } from './ingest/group-commit.ts';
import { KeyCache } from './ingest/key-cache.ts';
import { RegistryCache } from './ingest/registry-cache.ts';
import { verifyEnvelopes } from './ingest/verify-envelopes.ts';
import { openLedger } from './ledger.ts';
import { Publisher } from './publish.ts';
import { Sealer } from './seal/sealer.ts';
import { STEP_DEADLINES_MS, type StopStep, stopInReverse } from './start-stop.ts';
import { findBlocksOfLeaves, loadHead } from './store/block-store.ts';
import { weakSettings } from './store/durability.ts';
import { validateChain } from './validate/validate-chain.ts';
import { ValidationQueue } from './validate/validation-queue.ts';

/** How long a request may take to arrive. A guess: the largest body over a slow radio link; a bound on senders that never finish. */
const REQUEST_TIMEOUT_MS = 120_000;
/** How long requests may go on once the receiver stops. A guess: a slow reader of the chain would hold it for ever. */
const CLOSE_DEADLINE_MS = 3_000;

export interface Receiver {
  /** Where it listens. */
  readonly url: string;
  /** Stops taking requests, finishes those under way, ends sealing, then the database. Never rejects: the log says what went wrong. */
  stop(): Promise<void>;
}

/** Starts a receiver; it listens once this returns. Whatever was started is stopped again if something later fails. */
export async function startReceiver(config: ReceiverConfig, log: Logger): Promise<Receiver> {
  const started: StopStep[] = [];
  const stop = () => stopInReverse(started, log);
  try {
    return { url: await start(config, { log, started }), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function start(config: ReceiverConfig, context: { log: Logger; started: StopStep[] }): Promise<string> {
  const { log, started } = context;
  const onStop = (name: keyof typeof STEP_DEADLINES_MS, stop: () => Promise<void>) =>
    started.push({ name, deadlineMs: STEP_DEADLINES_MS[name], stop });
  const nowUs = () => Date.now() * 1000;
  const difficultyBits = config.difficulty * BITS_PER_DIFFICULTY;

  const embedded =
    config.databaseUrl === undefined ? await startEmbeddedServer({ dataDir: config.dataDir, log }) : undefined;
  if (embedded) onStop('embeddedServer', () => embedded.stop());
  const target = embedded?.target ?? { kind: 'url' as const, url: config.databaseUrl ?? '' };
  await migrate(target, log);
  const pool = openPool({
    connection: target,
    applicationName: 'telltale-receiver',
    maxConnections: config.databaseConnections,
    onError: (err) => log.warn({ err }, 'database connection lost'),
  });
  onStop('pool', () => pool.end());
  const settings = await weakSettings(pool);
  if (settings.length > 0) log.warn({ settings }, 'the database may lose readings that it has acknowledged');

  const { ledgerKeyFile: keyFile, ledgerOrigin } = config;
  const ledger = await openLedger(pool, { keyFile, origin: ledgerOrigin, difficultyBits, nowUs });
  const publisher = new Publisher(await loadHead(pool));
  const { transactionsPerBlock, blockMaxWaitMs, nonceLimit, sealPromiseMs } = config;
  const rule = { transactionsPerBlock, blockMaxWaitMs };
  const sealer = new Sealer({ pool, ledger, rule, difficultyBits, nonceLimit, publisher, log, nowUs });
  sealer.start();
  onStop('sealer', () => sealer.stop());

  const registry = new RegistryCache();
  const keys = new KeyCache();
  const commits = new GroupCommit({
    accept: (readings) => acceptReadings(pool, { readings, registry, nowUs }),
    origin: ledger.origin,
    sign: ledger.sign,
    // A block that may wait for ever promises nothing.
    sealPromiseMs: blockMaxWaitMs === 0 ? 0 : sealPromiseMs,
    nowUs,
    onAccepted: () => sealer.nudge(),
  });
  onStop('commits', () => commits.stop());

  // Fastify would say in its own words that it listens.
  const loggerInstance: FastifyBaseLogger = log.child({}, { level: log.isLevelEnabled('warn') ? 'warn' : log.level });
  const logController = new LogController({ disableRequestLogging: true });
  const app = fastify({ loggerInstance, logController, requestTimeout: REQUEST_TIMEOUT_MS });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(handleNotFound);
  await app.register(helmet, { contentSecurityPolicy: false });
  await registerSwagger(app, () => new Date());
  receiveDataRoute(app, {
    maxBodyBytes: config.maxBodyBytes,
    receive: async (body) => {
      const { maxEnvelopes } = config;
      return commits.submit(await verifyEnvelopes(body, { keys, maxEnvelopes }));
    },
    untilSealed: async (leafIndexes, timeoutMs) => {
      const logSize = Math.max(...leafIndexes) + 1;
      const isSealed = await publisher.untilSealed({ logSize, receipts: leafIndexes.length, timeoutMs });
      if (!isSealed) return undefined;
      return findBlocksOfLeaves(pool, leafIndexes).catch((err: unknown) => {
        // The readings are durable whatever becomes of this look-up: their receipts alone are the answer then.
        log.warn({ err }, 'blocks of sealed readings not found');
        return undefined;
      });
    },
  });
  getChainRoute(app, { pool });
  const validations = new ValidationQueue((signal) => validateChain(pool, { ledger, signal }));
  validateChainRoute(app, validations);
  healthRoute(app);
  onStop('server', () => {
    // Requests that wait for sealing are answered first: nothing that comes later would.
    publisher.stop();
    return closeServer(app);
  });
  // Before the server, which would wait for them.
  onStop('validations', () => validations.stop());
  return app.listen({ host: config.host, port: config.port });
}

/** Lets requests under way finish, and cuts those that do not: a reading without an answer is sent again. */
async function closeServer(app: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_DEADLINE_MS);
  await app.close().finally(() => clearTimeout(cut));
}

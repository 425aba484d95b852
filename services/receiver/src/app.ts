// The whole wiring of the receiver, from the database to the routes. Started in order, stopped in reverse.

import type { IncomingMessage } from 'node:http';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { BITS_PER_DIFFICULTY, MAX_DEVICE_BYTES } from '@telltale/ledger';
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { ReceiverConfig } from './config.ts';
import { ReceiverError } from './errors.ts';
import { checkpointRoute } from './http/checkpoint.ts';
import { consistencyRoute } from './http/consistency.ts';
import { devicesRoutes } from './http/devices.ts';
import { handleError, handleNotFound } from './http/error-table.ts';
import { eventsRoute } from './http/events.ts';
import { explorerRoutes } from './http/explorer.ts';
import { explorerBlocksRoutes } from './http/explorer-blocks.ts';
import { exportRoute } from './http/export.ts';
import { getChainRoute } from './http/get-chain.ts';
import { healthRoutes } from './http/health.ts';
import { keysRoutes } from './http/keys.ts';
import { ledgerRoute } from './http/ledger.ts';
import { metricsRoute } from './http/metrics.ts';
import { ReceiverMetrics } from './http/metrics-registry.ts';
import { proofRoute } from './http/proof.ts';
import { readingsRoutes } from './http/readings.ts';
import { receiveDataRoute } from './http/receive-data.ts';
import { securityHeaders } from './http/security-headers.ts';
import { registerSwagger } from './http/swagger.ts';
import { thingDescriptionRoute } from './http/thing-description-route.ts';
import { tilesRoutes } from './http/tiles.ts';
import { validateChainRoute } from './http/validate-chain.ts';
import { witnessRoutes } from './http/witness.ts';
import { acceptRequests } from './ingest/accept.ts';
import { ExpectedCounter } from './ingest/expected-counter.ts';
import { GroupCommit } from './ingest/group-commit.ts';
import { bodyReceiver } from './ingest/receive-body.ts';
import { RegistryCache } from './ingest/registry-cache.ts';
import { Verifiers } from './ingest/verifiers.ts';
import { type Ledger, openLedger } from './ledger.ts';
import { openDatabase } from './open-database.ts';
import { loadPlugins } from './plugins/load-plugins.ts';
import { Plugins } from './plugins/plugins.ts';
import { Checkpoints } from './proofs/published-checkpoint.ts';
import { Publisher } from './publish.ts';
import { Readiness } from './readiness.ts';
import { FreshLeaves } from './seal/fresh-leaves.ts';
import { Sealer } from './seal/sealer.ts';
import { STEP_DEADLINES_MS, type StopStep, stopInReverse } from './start-stop.ts';
import { findBlocksOfLeaves, loadGenesis, loadHead } from './store/block-store.ts';
import { weakSettings } from './store/durability.ts';
import { countLeaves } from './store/reading-store.ts';
import { reportWitnessedLogs } from './store/witness-store.ts';
import { validateChain } from './validate/validate-chain.ts';
import { ValidationQueue } from './validate/validation-queue.ts';
import { Cosigner } from './witness/cosigner.ts';
import { openWitness } from './witness/open-witness.ts';
import { type Publication, publishAtOnce, publishCosigned } from './witness/publication.ts';
import { Witness } from './witness/witness.ts';

/** How long a request may take to arrive. A guess: the largest body over a slow radio link; a bound on senders that never finish. */
const REQUEST_TIMEOUT_MS = 120_000;
/** Longest part of a path that is a value: a device's name of 256 bytes, each percent-encoded. */
const MAX_PARAM_CHARACTERS = 3 * MAX_DEVICE_BYTES;
/** How long requests may go on once the receiver stops. A guess: a slow reader of the chain would hold it for ever. */
const CLOSE_DEADLINE_MS = 3_000;
/** The explorer's build (packages/explorer). */
const EXPLORER_FOLDER = fileURLToPath(new URL('../../../packages/explorer/dist/', import.meta.url));

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

  // First: what is wrong with them is said before anything is started.
  const loaded = await loadPlugins(config.plugins, { folder: process.cwd(), environment: config.pluginEnvironment });
  const { target, pool, ingestPool } = await openDatabase(config, { log, onStop });
  const settings = await weakSettings(pool);
  if (settings.length > 0) log.warn({ settings }, 'the database may lose readings that it has acknowledged');

  const { ledgerKeyFile: keyFile, ledgerOrigin } = config;
  const ledger = await openLedger(pool, { keyFile, origin: ledgerOrigin, difficultyBits, nowUs });
  const publisher = new Publisher(await loadHead(pool));
  const metrics = new ReceiverMetrics({ publisher, countLeaves: () => countLeaves(pool) });
  const plugins = new Plugins(loaded, { target, pool, ledger, publisher, metrics, config, log, nowUs });
  const { transactionsPerBlock, blockMaxWaitMs, nonceLimit, sealPromiseMs } = config;
  const rule = { transactionsPerBlock, blockMaxWaitMs };
  const fresh = new FreshLeaves();
  const sealer = new Sealer({ pool, ledger, rule, difficultyBits, nonceLimit, publisher, fresh, log, nowUs });
  sealer.start();
  onStop('sealer', () => sealer.stop());

  const isStrict = config.enrollmentToken !== undefined;
  if (!isStrict)
    log.warn({}, 'open: any key is accepted at its first use; set ENROLLMENT_TOKEN to admit only enrolled keys');
  const registry = new RegistryCache();
  const expected = new ExpectedCounter();
  const { maxEnvelopes } = config;
  const verifiers = new Verifiers({ threads: availableParallelism(), maxEnvelopes, log });
  onStop('verifiers', () => verifiers.stop());
  const commits = new GroupCommit({
    accept: (requests) => acceptRequests(ingestPool, { requests, registry, expected, isStrict, nowUs }),
    origin: ledger.origin,
    sign: ledger.sign,
    // A block that may wait for ever promises nothing.
    sealPromiseMs: blockMaxWaitMs === 0 ? 0 : sealPromiseMs,
    nowUs,
    onAccepted: (accepted) => {
      fresh.add(accepted.leaves);
      sealer.nudge();
      metrics.accepted(accepted.newReadings);
      plugins.accepted(accepted);
    },
  });
  onStop('commits', () => commits.stop());

  // Fastify would say in its own words that it listens.
  const loggerInstance: FastifyBaseLogger = log.child({}, { level: log.isLevelEnabled('warn') ? 'warn' : log.level });
  const logController = new LogController({ disableRequestLogging: true });
  const app: FastifyInstance = fastify({
    loggerInstance,
    logController,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // Where a plugin listens for upgrades, Node.js hands it every request that offers one. Java's clients offer h2c with each.
    http: {
      shouldUpgradeCallback: ({ headers }: IncomingMessage): boolean =>
        app.server.listenerCount('upgrade') > 0 && headers.upgrade?.toLowerCase() === 'websocket',
    },
    routerOptions: { maxParamLength: MAX_PARAM_CHARACTERS },
    // Paths that cannot be read are answered as everything else.
    frameworkErrors: handleError,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(handleNotFound);
  const everyAnswer = securityHeaders();
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(everyAnswer);
    done();
  });
  await registerSwagger(app);
  const receive = bodyReceiver({ verifiers, commits, onRefused: (error) => metrics.refused(error) });
  receiveDataRoute(app, {
    maxBodyBytes: config.maxBodyBytes,
    receive,
    requireQuorum: () => {
      if (plugins.isReplicating) return;
      throw new ReceiverError('quorum-unavailable', 'ack=quorum: no plugin of this receiver keeps readings elsewhere');
    },
    untilReplicated: async (leafIndexes, timeoutMs) => {
      // Somebody waits: the sealer gathers no more readings before it mines what is due.
      void publisher.untilSealed({ logSize: Math.max(...leafIndexes) + 1, receipts: leafIndexes.length, timeoutMs });
      sealer.nudge();
      if (await plugins.untilReplicated(leafIndexes, timeoutMs)) return;
      const message = 'the readings are durable here, but not elsewhere yet; send them again soon';
      throw new ReceiverError('not-replicated', message);
    },
    untilSealed: async (leafIndexes, timeoutMs) => {
      const logSize = Math.max(...leafIndexes) + 1;
      const sealing = publisher.untilSealed({ logSize, receipts: leafIndexes.length, timeoutMs });
      // It may be gathering readings, and now somebody waits.
      sealer.nudge();
      const isSealed = await sealing;
      if (!isSealed) return undefined;
      return findBlocksOfLeaves(pool, leafIndexes).catch((err: unknown) => {
        // The readings are durable whatever becomes of this look-up: their receipts alone are the answer then.
        log.warn({ err }, 'blocks of sealed readings not found');
        return undefined;
      });
    },
  });
  getChainRoute(app, { pool });
  const validations = new ValidationQueue((signal) => validateChain(pool, { ledger, signal, checker: verifiers }));
  validateChainRoute(app, validations);
  keysRoutes(app, {
    pool,
    nowUs,
    onAppended: () => sealer.nudge(),
    origin: ledger.origin,
    ledgerKey: ledger.key,
    sign: ledger.sign,
    enrollmentToken: config.enrollmentToken,
    adminToken: config.adminToken,
  });
  const checkpoints = new Checkpoints(ledger, () => publisher.head);
  const publication = await startPublication(config, { pool, ledger, sealer, checkpoints, log, nowUs, onStop });
  const published = { pool, ledger, latestCheckpoint: publication.latest };
  ledgerRoute(app, { ...published, isStrict, plugins: loaded.map(({ plugin }) => plugin.name) });
  readingsRoutes(app, { ...published, findElsewhere: (transactionId) => plugins.findReading(transactionId) });
  proofRoute(app, published);
  consistencyRoute(app, published);
  exportRoute(app, { ...published, latestCheckpoint: publication.checkpoint });
  checkpointRoute(app, publication.checkpoint);
  tilesRoutes(app, published);
  devicesRoutes(app, { pool, clockToleranceMs: config.clockToleranceMs });
  explorerBlocksRoutes(app, { pool, headIndex: () => publisher.head.header.index });
  const events = await eventsRoute(app, { pool, publisher });
  await explorerRoutes(app, { folder: EXPLORER_FOLDER });
  if (config.witnessLogs.length > 0) {
    const identity = await openWitness(pool, { keyFile: config.witnessKeyFile, ledger, log });
    const witness = new Witness({ pool, identity, logs: config.witnessLogs, log, nowUs });
    const origins = [...new Set(config.witnessLogs.map(({ name }) => name))];
    witnessRoutes(app, {
      identity,
      origins,
      addCheckpoint: (body) => witness.addCheckpoint(body),
      report: () => reportWitnessedLogs(pool, origins),
    });
  }
  thingDescriptionRoute(app, published);
  healthRoutes(app, new Readiness({ pool, sealer }));
  metricsRoute(app, { metrics, token: config.metricsToken });
  onStop('server', () => {
    // Requests that wait for sealing are answered first: nothing that comes later would.
    publisher.stop();
    // Streams of events have no end of their own.
    events.stop();
    return closeServer(app);
  });
  onStop('plugins', () => plugins.stop());
  await plugins.start(app);
  // Before the server, which would wait for them.
  onStop('validations', () => validations.stop());
  const url = await app.listen({ host: config.host, port: config.port });
  plugins.listening(url);
  const { mqtt, port, maxBodyBytes } = config;
  if (mqtt !== undefined) {
    // Loaded where it is used: it brings a library along.
    const { startMqttIntake } = await import('./mqtt/mqtt-intake.ts');
    const { registry: counters } = metrics;
    const intake = await startMqttIntake({ config: mqtt, port, maxBodyBytes, receive, registry: counters, log });
    onStop('mqtt', () => intake.stop());
  }
  return url;
}

/** What is published, and, with WITNESSES, the asking for cosignatures beside it. */
async function startPublication(
  config: ReceiverConfig,
  parts: {
    pool: Pool;
    ledger: Ledger;
    sealer: Sealer;
    checkpoints: Checkpoints;
    log: Logger;
    nowUs: () => number;
    onStop: (name: 'cosigner', stop: () => Promise<void>) => void;
  },
): Promise<Publication> {
  const { pool, ledger, sealer, checkpoints, log, nowUs } = parts;
  const { witnesses, witnessPolicy: policy } = config;
  const newest = () => checkpoints.latest();
  if (witnesses.length === 0) return publishAtOnce(newest, undefined);
  const isSealing = () => sealer.isSealing;
  const cosigner = new Cosigner({ pool, witnesses, policy, newest, isSealing, log, nowUs });
  await cosigner.start();
  parts.onStop('cosigner', () => cosigner.stop());
  if (policy === 0) return publishAtOnce(newest, cosigner);
  const genesis = await loadGenesis(pool);
  return publishCosigned(new Checkpoints(ledger, () => genesis).latest(), cosigner);
}

/** Lets requests under way finish, and cuts those that do not: a reading without an answer is sent again. */
async function closeServer(app: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_DEADLINE_MS);
  await app.close().finally(() => clearTimeout(cut));
}

// The whole wiring of the sender, from top to bottom: what is made, in which order it starts, and in which order it stops.

import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { ownDevice, toHex } from '@telltale/ledger';
import type { Logger } from 'pino';
import type { SenderConfig } from './config.ts';
import { Delivery } from './delivery.ts';
import { Enrolment } from './enrolment.ts';
import { createEnrolmentClient } from './enrolment-client.ts';
import type { EnrolmentStore } from './enrolment-store.ts';
import { createHttpServer } from './http/http-server.ts';
import { registerMetricsRoutes } from './http/metrics-routes.ts';
import { registerOutboxRoutes } from './http/outbox-routes.ts';
import { registerScheduleRoutes } from './http/schedule-routes.ts';
import { registerStatusRoutes } from './http/status-routes.ts';
import { registerThingDescription } from './http/thing-description-route.ts';
import { loadDeviceKey } from './key-file.ts';
import { type Outbox, openOutbox } from './outbox.ts';
import { Producer } from './producer.ts';
import { createReceiptCheck, trustLedger } from './receipt-check.ts';
import { createReceiverClient } from './receiver-client.ts';
import { Schedule } from './schedule.ts';
import { CommandSensor } from './sensors/command-sensor.ts';
import type { Sensor } from './sensors/sensor.ts';
import { createSimulatedSensor, simulatedDevices } from './sensors/simulated-sensor.ts';
import { createThermalSensor } from './sensors/thermal-sensor.ts';
import { findThermalZone, THERMAL_FOLDER } from './sensors/thermal-zone.ts';
import { createSigner, type Signer } from './signer.ts';
import { StartError } from './start-error.ts';
import type { Transport } from './transport.ts';

/** The version that the API documents; kept equal to package.json. */
const VERSION = '0.1.0';
/** Longest wait for an answer. A receiver answers after its group commit, within a second; the rest is for slow networks. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Back-off of delivery. Half a second spares a receiver that restarts; a minute bounds how late an old reading comes. Guesses. */
const DELIVERY_BACKOFF = { baseMs: 500, capMs: 60_000 };
/** Back-off after a refused enrolment: a person has to act, and the receiver is spared. A minute at first, an hour at most. Guesses. */
const REFUSAL_BACKOFF = { baseMs: 60_000, capMs: 3_600_000 };
/** Back-off of a sensor program that ends: it is local, so it may come back sooner, and a broken one must not fill the log. */
const SENSOR_BACKOFF = { baseMs: 1_000, capMs: 60_000 };
/** Time that a sensor program has to end after SIGTERM, before SIGKILL. A guess, well within the stop's 10 s. */
const SENSOR_TERMINATION_MS = 1_000;

export type App = Readonly<{
  /** Where the API listens, for example http://127.0.0.1:5000. */
  url: string;
  /** Stops in reverse order; nothing that was accepted is lost. */
  stop: () => Promise<void>;
}>;

/** Starts the sender. @throws StartError; whatever had started is stopped then */
export async function startApp({ config, logger }: { config: SenderConfig; logger: Logger }): Promise<App> {
  const stops: (() => unknown)[] = [];
  const stop = async () => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const nowUs = () => Date.now() * 1000;
    const trusted = config.ledgerKey && trustLedger(config.ledgerKey);
    // The outbox first: its lock keeps a second sender from the same files, the key file included.
    const outbox = openOutbox({ file: config.outboxFile, receiptsKept: config.receiptsKept, nowUs });
    stops.push(() => outbox.close());
    const signer = createSigner(await loadDeviceKey({ path: config.keyFile, algorithm: config.keyAlgorithm }));

    const enrolment = createEnrolment({
      config,
      signer,
      enrolments: outbox.enrolments,
      origin: trusted?.origin ?? config.ledgerOrigin,
      logger,
    });
    const transport = await createTransport({ config, signer, logger });
    stops.push(() => transport.stop());
    const delivery = new Delivery({
      outbox,
      transport,
      checkReceipt: createReceiptCheck(trusted),
      enrolment,
      batchLimit: config.deliveryBatch,
      backoff: { ...DELIVERY_BACKOFF, random: Math.random },
      delay: wait,
      nowUs,
      logger,
    });
    stops.push(() => delivery.stop());
    delivery.start();

    const sensor = createSensor({ config, signer, logger });
    stops.push(() => sensor.stop());
    sensor.start();

    const producer = new Producer({ sensor, signer, outbox, outboxLimit: config.outboxLimit });
    const schedule = new Schedule({
      produce: async (count) => {
        await producer.produce(count);
        delivery.wake();
      },
      timer: {
        nowMs: () => performance.now(),
        after: (ms, call) => {
          const timer = setTimeout(call, ms);
          return () => clearTimeout(timer);
        },
      },
      logger,
    });
    stops.push(() => schedule.stop());

    const server = await createHttpServer({ logger: warningsOf(logger), version: VERSION });
    stops.push(() => server.close());
    registerScheduleRoutes(server, schedule);
    const status = () => statusOf({ config, signer, outbox, enrolment, delivery, sensor, producer, schedule });
    registerStatusRoutes(server, { status, checkOutbox: () => outbox.check() });
    registerMetricsRoutes(server, status);
    registerOutboxRoutes(server, outbox, () => delivery.wake());
    registerThingDescription(server, signer.key.keyId);
    const url = await listen(() => server.listen({ host: config.host, port: config.port }), config);
    if (config.schedule !== undefined) schedule.start(config.schedule);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createTransport(parts: { config: SenderConfig; signer: Signer; logger: Logger }): Promise<Transport> {
  const { config, signer, logger } = parts;
  const { receiverUrl, mqtt } = config;
  const timeoutMs = REQUEST_TIMEOUT_MS;
  if (mqtt === undefined) return createReceiverClient({ receiverUrl, timeoutMs, nowMs: Date.now });
  // Loaded where it is used: it brings a library along.
  const { createMqttTransport } = await import('./mqtt/mqtt-transport.ts');
  return createMqttTransport({ config: mqtt, keyId: signer.key.keyId, timeoutMs, logger });
}

function wait(ms: number, signal: AbortSignal): Promise<void> {
  return delay(ms, undefined, { signal });
}

/** Undefined without a token. A sensor program's own device names are not known beforehand: only SENSOR_DEVICE is enrolled for it. */
function createEnrolment(parts: {
  config: SenderConfig;
  signer: Signer;
  enrolments: EnrolmentStore;
  origin: string | undefined;
  logger: Logger;
}): Enrolment | undefined {
  const { config, ...others } = parts;
  const { receiverUrl, enrollmentToken: token, sensor } = config;
  if (token === undefined) return undefined;
  const named = sensor.kind !== 'simulated' && sensor.device !== undefined ? [sensor.device] : [];
  return new Enrolment({
    ...others,
    client: createEnrolmentClient({ receiverUrl, token, timeoutMs: REQUEST_TIMEOUT_MS, nowMs: Date.now }),
    receiverUrl,
    devices: sensor.kind === 'simulated' ? simulatedDevices(config.deviceCount) : named,
    backoff: { ...DELIVERY_BACKOFF, random: Math.random },
    refusalBackoff: { ...REFUSAL_BACKOFF, random: Math.random },
    delay: wait,
  });
}

/** Fastify says at info what main.ts says already; its warnings and errors are kept. */
function warningsOf(logger: Logger): Logger {
  return logger.isLevelEnabled('warn') ? logger.child({}, { level: 'warn' }) : logger;
}

function createSensor(parts: { config: SenderConfig; signer: Signer; logger: Logger }): Sensor {
  const { config, signer, logger } = parts;
  switch (config.sensor.kind) {
    case 'simulated':
      return createSimulatedSensor({ deviceCount: config.deviceCount, nowMs: Date.now, randomInt });
    case 'command':
      return new CommandSensor({
        command: config.sensor.command,
        givenDevice: config.sensor.device,
        ownDevice: ownDevice(signer.key.keyId),
        restart: { ...SENSOR_BACKOFF, random: Math.random },
        terminationMs: SENSOR_TERMINATION_MS,
        logger,
      });
    case 'thermal':
      return createThermalSensor({
        zone: findThermalZone({ given: config.sensor.zone, folder: THERMAL_FOLDER }),
        device: config.sensor.device,
        ownDevice: ownDevice(signer.key.keyId),
        nowMs: Date.now,
        logger,
      });
    default:
      return config.sensor satisfies never;
  }
}

async function listen(start: () => Promise<string>, { host, port }: SenderConfig): Promise<string> {
  try {
    return await start();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    if (code === 'EADDRINUSE') {
      throw new StartError(
        'port-in-use',
        `port ${port} is in use: stop the other program, or set PORT (with npm start: SENDER_PORT)`,
        { cause },
      );
    }
    throw new StartError('listen', `cannot listen on ${host}:${port} (${code}): check HOST and PORT`, { cause });
  }
}

function statusOf(parts: {
  config: SenderConfig;
  signer: Signer;
  outbox: Outbox;
  enrolment: Enrolment | undefined;
  delivery: Delivery;
  sensor: Sensor;
  producer: Producer;
  schedule: Schedule;
}) {
  const { config, signer } = parts;
  const counts = parts.outbox.counts();
  const schedule = parts.schedule.status();
  const delivery = parts.delivery.status();
  const sensor = parts.sensor.status();
  const enrolment = parts.enrolment?.status();
  const { plan } = schedule;
  return {
    schedule:
      plan === undefined ? null : { number_of_items_to_send: plan.count, interval_time: plan.intervalMs / 1000 },
    outbox: {
      depth: counts.waiting,
      dead_letters: counts.deadLetters,
      limit: config.outboxLimit,
      is_full: counts.waiting + counts.deadLetters >= config.outboxLimit,
    },
    delivered: counts.delivered,
    ...parts.producer.status(),
    failed_batches: schedule.failedBatches,
    enrolment: {
      state: enrolment?.state ?? ('off' as const),
      devices: [...(enrolment?.devices ?? [])],
      failures: enrolment?.failures ?? 0,
      reason: enrolment?.reason ?? null,
    },
    delivery: { state: delivery.state, failures: delivery.failures },
    last_error:
      delivery.lastError === undefined ? null : { at: delivery.lastError.atUs, message: delivery.lastError.message },
    receiver_url: config.mqtt?.url ?? config.receiverUrl,
    is_receipt_signature_checked: config.ledgerKey !== undefined,
    key: { id: toHex(signer.key.keyId), algorithm: signer.algorithm },
    sensor: {
      kind: sensor.kind,
      devices: [...sensor.devices],
      waiting: sensor.waiting,
      invalid_lines: sensor.invalidLines,
      restarts: sensor.restarts,
    },
  };
}

// Readings over MQTT: keeps a connection to the broker, whatever becomes of it, until the receiver stops. What a message brings goes the way
// of an HTTP body.

import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Registry } from '@platformatic/prom-client';
import type { Logger } from 'pino';
import { backoffMs } from '../backoff.ts';
import { ReceiverError } from '../errors.ts';
import type { ReceiveBody } from '../ingest/receive-body.ts';
import { BrokerConnection, type BrokerOptions } from './broker-connection.ts';
import type { MqttConfig } from './mqtt-config.ts';
import { type MqttMetrics, mqttMetrics } from './mqtt-metrics.ts';
import { messageTaker } from './take-message.ts';

/** Bounds how late a broker that is back is noticed: 16 s. A guess: readings wait there meanwhile. */
const MAX_COUNTED_FAILURES = 5;

export interface MqttIntakeParts {
  readonly config: MqttConfig;
  /** PORT: with the machine's name it tells this receiver from the others at the broker. */
  readonly port: number;
  readonly maxBodyBytes: number;
  readonly receive: ReceiveBody;
  readonly registry: Registry;
  readonly log: Logger;
}

/** Starts it. A broker that is away is asked again and again. Throws ReceiverError `mqtt-ca` for a MQTT_CA_FILE that cannot be read. */
export async function startMqttIntake(parts: MqttIntakeParts): Promise<MqttIntake> {
  const { config, port, maxBodyBytes, receive, log } = parts;
  const metrics = mqttMetrics(parts.registry);
  const intake = new MqttIntake({
    config,
    // One client of each name at a broker, and the same after a restart: the session has it.
    clientId: config.clientId ?? `telltale-${config.share}-${hostname()}-${port}`,
    ca: config.caFile === undefined ? undefined : await readCertificates(config.caFile),
    maxBodyBytes,
    take: messageTaker({ receive, maxBodyBytes, metrics, wait, log }),
    onAnswerRefused: (err) => log.warn({ err }, 'the MQTT broker refuses receipts'),
    metrics,
    log,
  });
  intake.start();
  return intake;
}

class MqttIntake {
  private readonly options: BrokerOptions & { metrics: MqttMetrics; log: Logger };
  private readonly stopping = new AbortController();
  private connection: BrokerConnection | undefined;
  private running: Promise<void> = Promise.resolve();
  /** Connections in a row that did not come to a subscription. */
  private failures = 0;

  constructor(options: BrokerOptions & { metrics: MqttMetrics; log: Logger }) {
    this.options = options;
  }

  start(): void {
    this.running = this.run();
  }

  /** Takes nothing more, finishes what is under way, disconnects. The broker keeps the rest for the next start. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.connection?.stop();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.connectOnce();
      if (signal.aborted) return;
      // After a good connection the first wait is short.
      const failures = Math.min(Math.max(1, this.failures), MAX_COUNTED_FAILURES);
      await wait(backoffMs(failures, Math.random), signal);
    }
  }

  /** One connection, from its beginning to its end. */
  private async connectOnce(): Promise<void> {
    const { config, metrics, log } = this.options;
    let connection: BrokerConnection | undefined;
    try {
      connection = new BrokerConnection(this.options);
      this.connection = connection;
      await connection.untilSubscribed();
      this.failures = 0;
      metrics.connected();
      log.info({ url: config.url, share: config.share }, 'MQTT connected');
      const err = await connection.closed;
      if (!this.stopping.signal.aborted) log.warn({ err }, 'MQTT disconnected');
    } catch (err) {
      connection?.abandon();
      this.failures += 1;
      // Once for each time that the broker is away, not once a try.
      if (this.failures === 1 && !this.stopping.signal.aborted) log.warn({ err }, 'MQTT broker not reached');
    }
    metrics.disconnected();
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  // Rejects only when the signal aborts, and whoever waits looks at that.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

async function readCertificates(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new ReceiverError('mqtt-ca', `MQTT_CA_FILE ${file} cannot be read: check the path and its rights`, { cause });
  }
}

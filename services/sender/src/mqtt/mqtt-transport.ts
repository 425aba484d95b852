// Readings through a broker: each batch is one message on the topic of its device, answered on the topic of that device's receipts with the
// same correlation data (MQTT 5.0 section 4.10). Connects when there is something to send; when to try again is delivery.ts's to say.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type KeyId, ownDevice, parseReading, toHex } from '@telltale/ledger';
import type { IPublishPacket, MqttClient, Packet } from 'mqtt';
import type { Logger } from 'pino';
import type { MqttConfig } from '../config.ts';
import { encodeEnvelopes } from '../envelope.ts';
import type { OutboxMessage } from '../outbox.ts';
import { type ReceiverAnswer, readAnswer } from '../receiver-answer.ts';
import { parseJson, REASON_LIMIT } from '../receiver-http.ts';
import { StartError } from '../start-error.ts';
import type { Transport } from '../transport.ts';
import { openBroker } from './open-broker.ts';

/** What a packet has beside the body: topic and properties. A guess; a device's name takes 768 bytes at most. */
const PACKET_MARGIN_BYTES = 4 * 1024;
/** PUBACK's word for a message that nobody subscribes to. MQTT 5.0 section 3.4.2.1. */
const NO_MATCHING_SUBSCRIBERS = 16;

interface MqttTransportOptions {
  readonly config: MqttConfig;
  /** Names this sender at the broker: one process has the key. */
  readonly keyId: KeyId;
  /** For a whole exchange: connection, subscription, message and answer. */
  readonly timeoutMs: number;
  readonly logger: Logger;
}

type Heard = Readonly<{ status: number; json: unknown }>;

/** Connects to nothing yet. @throws StartError `config` when MQTT_CA_FILE cannot be read */
export async function createMqttTransport(options: MqttTransportOptions): Promise<Transport> {
  const { caFile } = options.config;
  const ca = caFile === undefined ? undefined : await readCertificates(caFile);
  return new MqttTransport(options, ca);
}

class MqttTransport implements Transport {
  readonly #options: MqttTransportOptions;
  readonly #ca: Buffer | undefined;
  /** What to do with the answer that carries this correlation data, in hexadecimal. */
  readonly #awaited = new Map<string, (heard: Heard) => void>();
  /** Topics of receipts that the present connection is subscribed to. */
  readonly #subscribed = new Set<string>();
  #client: MqttClient | undefined;

  constructor(options: MqttTransportOptions, ca: Buffer | undefined) {
    this.#options = options;
    this.#ca = ca;
  }

  /** A topic is of one device: what the oldest one's device says goes together. */
  together(messages: readonly OutboxMessage[]): readonly OutboxMessage[] {
    const [oldest] = messages;
    if (oldest === undefined) return [];
    const device = deviceOf(oldest);
    return messages.filter((message) => deviceOf(message) === device);
  }

  async send(request: { messages: readonly OutboxMessage[]; signal: AbortSignal }): Promise<ReceiverAnswer> {
    const { messages } = request;
    const [oldest] = messages;
    if (oldest === undefined) throw new Error('a request has at least one message');
    const late = AbortSignal.timeout(this.#options.timeoutMs);
    try {
      const sent = { prefix: `telltale/v1/${encodeURIComponent(deviceOf(oldest))}`, body: encodeEnvelopes(messages) };
      const heard = await this.#exchange(sent, AbortSignal.any([request.signal, late]));
      if (heard === 'too-large') {
        return { kind: 'refused-whole', code: 'too-large', reason: 'the message is larger than the broker takes' };
      }
      return readAnswer({ ...heard, kind: 'answered', retryAfter: null }, { count: messages.length, nowMs: 0 });
    } catch (error) {
      // Whether a receiver took the messages is unknown; sending them again gives the same receipts.
      const reason = late.aborted ? 'no receiver answered through the broker in time' : reasonOf(error);
      return { kind: 'later', reason: reason.slice(0, REASON_LIMIT), retryAfterMs: undefined };
    }
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    // Without a goodbye, which would wait for whatever the broker never acknowledged: it keeps nothing of this client.
    await client?.endAsync(true);
  }

  async #exchange(sent: { prefix: string; body: Uint8Array }, signal: AbortSignal): Promise<Heard | 'too-large'> {
    const client = await this.#connected(signal);
    const most = client.serverProperties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    if (sent.body.length + PACKET_MARGIN_BYTES > most) return 'too-large';
    const correlationData = randomBytes(16);
    const correlation = correlationData.toString('hex');
    const ended = Promise.withResolvers<never>();
    const onClose = () => ended.reject(new Error('the connection to the broker ended'));
    const onAbort = () => ended.reject(new Error('the request was stopped'));
    // The library takes it for success, and one message at a time is under way.
    const onPacket = (packet: Packet) => {
      const isUnheard = packet.cmd === 'puback' && packet.reasonCode === NO_MATCHING_SUBSCRIBERS;
      if (isUnheard) ended.reject(new Error('no receiver listens at the broker'));
    };
    client.on('packetreceive', onPacket);
    client.once('close', onClose);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      // Before the message goes out, or its answer could come first.
      await Promise.race([this.#subscribe(client, `${sent.prefix}/receipts`), ended.promise]);
      const answer = new Promise<Heard>((resolve) => this.#awaited.set(correlation, resolve));
      // Sent again after that time, it would only wait at the broker once more.
      const messageExpiryInterval = Math.ceil(this.#options.timeoutMs / 1000);
      const properties = { correlationData, contentType: 'application/json', messageExpiryInterval };
      client.publish(`${sent.prefix}/readings`, Buffer.from(sent.body), { qos: 1, properties }, (error) => {
        if (error) ended.reject(error);
      });
      return await Promise.race([answer, ended.promise]);
    } finally {
      this.#awaited.delete(correlation);
      client.off('packetreceive', onPacket);
      client.off('close', onClose);
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #connected(signal: AbortSignal): Promise<MqttClient> {
    if (this.#client?.connected) return this.#client;
    const { config, keyId, logger } = this.#options;
    const clientId = `telltale-sender-${toHex(keyId).slice(0, 16)}`;
    const client = await openBroker({ config, clientId, ca: this.#ca }, signal);
    this.#client = client;
    this.#subscribed.clear();
    client.on('message', (topic, payload, packet) => this.#hear({ topic, payload, packet }));
    client.once('close', () => logger.info({ url: config.url }, 'MQTT disconnected'));
    logger.info({ url: config.url }, 'MQTT connected');
    return client;
  }

  async #subscribe(client: MqttClient, topic: string): Promise<void> {
    if (this.#subscribed.has(topic)) return;
    await client.subscribeAsync(topic, { qos: 1 });
    this.#subscribed.add(topic);
  }

  /** Answers that nobody waits for any more are dropped: their messages are sent again and answered again. */
  #hear({ topic, payload, packet }: { topic: string; payload: Buffer; packet: IPublishPacket }): void {
    const { correlationData, userProperties } = packet.properties ?? {};
    const heardBy = this.#awaited.get(correlationData?.toString('hex') ?? '');
    if (heardBy === undefined || !this.#subscribed.has(topic)) return;
    heardBy({ status: Number(userProperties?.['status']), json: parseJson(payload.toString('utf8')) });
  }
}

function deviceOf({ message, key }: OutboxMessage): string {
  const reading = parseReading(message);
  return (reading.ok ? reading.value.device : undefined) ?? ownDevice(key.keyId);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the broker cannot be reached';
  return 'code' in error && typeof error.code === 'string'
    ? `the broker cannot be reached: ${error.code}`
    : error.message;
}

async function readCertificates(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new StartError('config', `MQTT_CA_FILE ${file} cannot be read: check the path and its rights`, { cause });
  }
}

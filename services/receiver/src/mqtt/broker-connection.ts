// What takes readings from the broker for as long as its connections last: messages of the shared subscription come on one, their answers go
// on another, and a message is acknowledged only after the broker has its answer. Source: MQTT 5.0 (OASIS Standard, 2019).

import type { IPublishPacket } from 'mqtt';
import { AckOrder } from './ack-order.ts';
import { type BrokerAccess, type BrokerClient, openBrokerClient } from './broker-client.ts';
import { type MqttAnswer, tooLargeForBroker } from './mqtt-answer.ts';
import { parseReadingsTopic, sharedFilter } from './readings-topic.ts';
import { ReceiptQueue } from './receipt-queue.ts';
import type { TakeMessage } from './take-message.ts';

/** Seconds for which the broker keeps the session, and the messages in it, of a receiver that is away. A guess: longer than a restart. */
const SESSION_EXPIRY_S = 3_600;
/** Messages that the broker sends before the first is acknowledged: they share group commits. A guess; many brokers send no more than 20. */
const RECEIVE_MAXIMUM = 64;
/**
 * Bytes of messages that are not acknowledged yet; past it nothing more is read from the connection until one of them is. As much as HTTP
 * admits (http/body-budget.ts).
 */
const MAX_HELD_BYTES = 32 * 1024 * 1024;
/** A message that is larger than a body may be is still taken up to here, so that its sender hears why it is refused. */
const LEAST_PACKET_BYTES = 1024 * 1024;
/** What a packet has beside its payload: topic and properties. A guess: each text in it has at most 65,535 bytes. */
const PACKET_MARGIN_BYTES = 128 * 1024;
/** What a broker takes where it says nothing. MQTT 5.0 section 3.2.2.3.3. */
const DEFAULT_RECEIVE_MAXIMUM = 65_535;

interface Answered {
  readonly topic: string;
  readonly answer: MqttAnswer;
  readonly correlationData: Buffer | undefined;
}

export interface BrokerOptions extends BrokerAccess {
  readonly maxBodyBytes: number;
  readonly take: TakeMessage;
  /** The broker refuses an answer: its rules may not let the receiver write to the topics of receipts. Heard once a connection. */
  readonly onAnswerRefused: (err: Error) => void;
}

export class BrokerConnection {
  /** Settles when one of the connections is over, with the reason if there is one; the other is then ended. Never rejects. */
  readonly closed: Promise<Error | undefined>;
  private readonly options: BrokerOptions;
  private readonly readings: BrokerClient;
  /** Apart, because what the broker says to an answer must not wait behind messages that are not read yet. */
  private readonly answers: BrokerClient;
  private readonly acks: AckOrder;
  private readonly receipts: ReceiptQueue<Answered>;
  /** Aborts once nothing can be acknowledged any more, or nothing is to be tried again. */
  private readonly ending = new AbortController();
  private readonly atWork = new Set<Promise<void>>();
  private heldBytes = 0;
  private readOn: (() => void) | undefined;
  private hasRefusedAnswer = false;

  constructor(options: BrokerOptions) {
    this.options = options;
    this.readings = openBrokerClient(options, {
      // The broker goes on with the session that it keeps, and sends again what was not acknowledged.
      clean: false,
      properties: {
        sessionExpiryInterval: SESSION_EXPIRY_S,
        receiveMaximum: RECEIVE_MAXIMUM,
        maximumPacketSize: Math.max(options.maxBodyBytes, LEAST_PACKET_BYTES) + PACKET_MARGIN_BYTES,
      },
    });
    this.answers = openBrokerClient({ ...options, clientId: `${options.clientId}-receipts` }, { clean: true });
    this.acks = new AckOrder((messageId) => this.acknowledge(messageId));
    this.receipts = new ReceiptQueue({
      publish: (answered) => this.publish(answered),
      limit: () => this.answers.client.serverProperties?.receiveMaximum ?? DEFAULT_RECEIVE_MAXIMUM,
    });
    this.closed = Promise.race([this.readings.closed, this.answers.closed]).finally(() => {
      this.ending.abort();
      this.abandon();
    });
    // An error here keeps the library from acknowledging, and lets it read the next packet. Acknowledgements are sent by `acknowledge`.
    const heldBack = new Error('not acknowledged yet');
    this.readings.client.handleMessage = (packet, readOn) => this.take(packet, () => readOn(heldBack));
  }

  /** Settles when the broker has the subscription. Rejects where a connection ends before. */
  async untilSubscribed(): Promise<void> {
    await Promise.all([this.answers.opened, this.readings.opened]);
    // Also where the session holds it already: the group may be another than it was.
    const [granted] = await this.readings.client.subscribeAsync(sharedFilter(this.options.config.share), { qos: 1 });
    if (granted?.qos !== 1) throw new Error('the broker does not give the subscription with QoS 1');
  }

  /** Takes nothing more, finishes what is under way, and says goodbye. The broker keeps what was not acknowledged. */
  async stop(): Promise<void> {
    this.ending.abort();
    await Promise.race([Promise.all(this.atWork), this.closed]);
    const clients = [this.readings, this.answers];
    // Without a connection there is no goodbye.
    for (const { client } of clients) client.end(!client.connected);
    await Promise.all(clients.map(({ closed }) => closed));
  }

  /** Ends it at once. */
  abandon(): void {
    for (const { client } of [this.readings, this.answers]) client.end(true);
  }

  private take(packet: IPublishPacket, readOn: () => void): void {
    const topic = parseReadingsTopic(packet.topic);
    if (this.ending.signal.aborted || topic === undefined) {
      readOn();
      return;
    }
    const { messageId, qos } = packet;
    const acknowledge = qos === 1 && messageId !== undefined ? this.acks.hold(messageId) : () => undefined;
    const body = Buffer.from(packet.payload);
    this.heldBytes += body.length;
    const work = this.answerTo({ body, topic, correlationData: packet.properties?.correlationData })
      .then((isDone) => {
        if (isDone) acknowledge();
      })
      .finally(() => {
        this.atWork.delete(work);
        this.heldBytes -= body.length;
        this.readMore();
      });
    this.atWork.add(work);
    this.readOn = readOn;
    this.readMore();
  }

  /** Whether the broker has the answer. */
  private async answerTo(message: {
    body: Buffer;
    topic: { device: string | undefined; receiptsTopic: string };
    correlationData: Buffer | undefined;
  }): Promise<boolean> {
    const { body, topic, correlationData } = message;
    const answer = await this.options.take({ device: topic.device, body }, this.ending.signal);
    if (answer === undefined) return false;
    return Promise.race([
      this.receipts.add({ topic: topic.receiptsTopic, answer, correlationData }).then(() => true),
      this.closed.then(() => false),
    ]);
  }

  /** More than it asked for comes with QoS 0, and from brokers that forget the Receive Maximum when they send again what they have. */
  private readMore(): void {
    if (this.heldBytes > MAX_HELD_BYTES || this.atWork.size > RECEIVE_MAXIMUM) return;
    const { readOn } = this;
    this.readOn = undefined;
    readOn?.();
  }

  /** Settles when the broker has it, or will not have it. */
  private async publish({ topic, answer, correlationData }: Answered): Promise<void> {
    const { client } = this.answers;
    const most = client.serverProperties?.maximumPacketSize ?? Number.POSITIVE_INFINITY;
    const fits = Buffer.byteLength(answer.payload) + PACKET_MARGIN_BYTES <= most;
    const { payload, status } = fits ? answer : tooLargeForBroker();
    const properties = {
      contentType: 'application/json',
      userProperties: { status: String(status) },
      ...(correlationData !== undefined && { correlationData }),
    };
    try {
      await client.publishAsync(topic, payload, { qos: 1, properties });
    } catch (error) {
      if (this.hasRefusedAnswer || !(error instanceof Error)) return;
      this.hasRefusedAnswer = true;
      this.options.onAnswerRefused(error);
    }
  }

  /**
   * PUBACK, reason 0 (MQTT 5.0 section 3.4). The library would send it itself, but then takes no second message before. A crash before it, or
   * while it is on its way: the broker sends the message again, and the same readings get the same receipts.
   */
  private acknowledge(messageId: number): void {
    const { client } = this.readings;
    if (client.stream.destroyed) return;
    client.stream.write(Uint8Array.of(0x40, 2, messageId >> 8, messageId & 0xff));
    // As good as a ping, whose answer would come only after all that the broker has sent by now.
    client.reschedulePing(true);
  }
}

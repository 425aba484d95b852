// A device on MQTT as tests have it: publishes bodies that it signed, once each, and keeps every answer that comes.

import { connectAsync, type IClientOptions } from 'mqtt';
import { makeDevice } from '../../../services/receiver/src/testing/test-device.ts';

interface SeenAnswer {
  readonly topic: string;
  readonly payload: unknown;
  /** As it was sent; undefined without. */
  readonly correlation: string | undefined;
  readonly contentType: string | undefined;
  readonly status: string | undefined;
}

export interface MqttDevice {
  readonly name: string;
  readonly answers: readonly SeenAnswer[];
  /** Transaction ids for which a receipt came. */
  receipted(): Set<string>;
  /** The text of an envelope of this device. */
  envelope(seq: number): string;
  /** Publishes with QoS 1; settles when the broker has it. */
  publish(
    body: string,
    options?: { topic?: string; correlation?: string; retain?: boolean; qos?: 0 | 1 },
  ): Promise<void>;
  /** Whether it is connected and hears answers. */
  isConnected(): boolean;
  close(): Promise<void>;
}

export async function connectDevice(of: {
  url: string;
  name: string;
  options?: IClientOptions;
  /** Percent-encoded as it stands in the topic; the name itself when unset. */
  level?: string;
}): Promise<MqttDevice> {
  const { url, name, options = {}, level = name } = of;
  const signer = makeDevice();
  const answers: SeenAnswer[] = [];
  const client = await connectAsync(url, { protocolVersion: 5, clean: true, reconnectPeriod: 100, ...options });
  client.on('message', (topic, payload, { properties }) => {
    answers.push({
      topic,
      payload: JSON.parse(payload.toString()),
      correlation: properties?.correlationData?.toString(),
      contentType: properties?.contentType,
      status: String(properties?.userProperties?.['status']),
    });
  });
  await client.subscribeAsync('telltale/v1/+/receipts', { qos: 1 });
  return {
    name,
    answers,
    receipted: () => new Set(answers.flatMap(({ payload }) => transactionIds(payload))),
    envelope: (seq) => signer.envelope(JSON.stringify({ device: name, seq })),
    async publish(body, { topic = `telltale/v1/${level}/readings`, correlation, retain = false, qos = 1 } = {}) {
      const properties = correlation === undefined ? {} : { correlationData: Buffer.from(correlation) };
      await client.publishAsync(topic, body, { qos, retain, properties });
    },
    isConnected: () => client.connected,
    close: () => client.endAsync(true),
  };
}

function transactionIds(payload: unknown): string[] {
  const { receipts = [] } = payload as { receipts?: { transaction_id: string }[] };
  return receipts.map((receipt) => receipt.transaction_id);
}

// One connection of the sender to its broker, open or not at all. It has no session there: what it sent and heard nothing of, it sends again.

import { connect, type MqttClient } from 'mqtt';
import type { MqttConfig } from '../config.ts';

/** Seconds after which a silent connection is found dead, at most half as long again. A guess. */
const KEEPALIVE_S = 30;
/** Largest packet taken: 1000 receipts of about 1.5 kB, five times over, as over HTTP. Guards a small machine's memory. */
const MAX_PACKET_BYTES = 8 * 1024 * 1024;

export interface BrokerAccess {
  readonly config: MqttConfig;
  readonly clientId: string;
  /** PEM; undefined: the certificate authorities that Node.js knows. */
  readonly ca: Buffer | undefined;
}

/** Rejects when the broker cannot be reached, refuses, or the signal aborts before it answers. */
export async function openBroker({ config, clientId, ca }: BrokerAccess, signal: AbortSignal): Promise<MqttClient> {
  const { url, user, password } = config;
  const client = connect(url, {
    protocolVersion: 5,
    clientId,
    clean: true,
    keepalive: KEEPALIVE_S,
    reconnectPeriod: 0,
    properties: { maximumPacketSize: MAX_PACKET_BYTES },
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(ca !== undefined && { ca }),
  });
  const opened = Promise.withResolvers<MqttClient>();
  // For as long as the client lives: an error ends it, and whoever waits for something sees its close.
  client.on('error', (error) => {
    opened.reject(error);
    client.end(true);
  });
  client.once('close', () => opened.reject(new Error('the broker ended the connection')));
  client.once('connect', () => opened.resolve(client));
  const onAbort = () => {
    opened.reject(new Error('the broker did not answer'));
    client.end(true);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await opened.promise;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

// One client of MQTT.js for one network connection: it never connects again by itself, so that nothing that it holds outlives its connection.

import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { MqttConfig } from './mqtt-config.ts';

/** Seconds after which a silent connection is found dead, at most half as long again. A guess. */
const KEEPALIVE_S = 60;

export interface BrokerAccess {
  readonly config: MqttConfig;
  readonly clientId: string;
  /** PEM; undefined: the certificate authorities that Node.js knows. */
  readonly ca: Buffer | undefined;
}

export interface BrokerClient {
  readonly client: MqttClient;
  /** Settles once the broker has let it in. Rejects where the connection ends before. */
  readonly opened: Promise<void>;
  /** Settles when the connection is over, with the reason if there is one. Never rejects. */
  readonly closed: Promise<Error | undefined>;
}

/** Starts to connect. Throws for certificates that cannot be read. */
export function openBrokerClient(access: BrokerAccess, options: IClientOptions): BrokerClient {
  const { url, user, password } = access.config;
  const client = connect(url, {
    ...options,
    protocolVersion: 5,
    clientId: access.clientId,
    keepalive: KEEPALIVE_S,
    reconnectPeriod: 0,
    ...(user !== undefined && { username: user }),
    ...(password !== undefined && { password }),
    ...(access.ca !== undefined && { ca: access.ca }),
  });
  let fault: Error | undefined;
  client.on('error', (error) => {
    fault ??= error;
    client.end(true);
  });
  client.on('disconnect', ({ reasonCode }) => {
    fault ??= new Error(`the broker ended the connection: reason ${reasonCode}`);
  });
  const closed = new Promise<Error | undefined>((resolve) => client.once('close', () => resolve(fault)));
  const opened = Promise.race([
    new Promise<void>((resolve) => client.once('connect', () => resolve())),
    closed.then((reason) => {
      throw reason ?? new Error('the broker ended the connection');
    }),
  ]);
  // Whoever waits for it hears it too.
  opened.catch(() => undefined);
  return { client, opened, closed };
}

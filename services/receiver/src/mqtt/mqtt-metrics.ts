// What the receiver counts about MQTT, beside what it counts of readings by whichever way they come. No label holds a device.

import { Counter, Gauge, type Registry } from '@platformatic/prom-client';

export interface MqttMetrics {
  taken(): void;
  refused(code: string): void;
  retried(): void;
  connected(): void;
  disconnected(): void;
}

export function mqttMetrics(registry: Registry): MqttMetrics {
  const registers = [registry];
  const messages = new Counter({
    name: 'telltale_mqtt_messages_total',
    help: 'Messages that came from the broker, those that it sent again included.',
    registers,
  });
  const refusals = new Counter({
    name: 'telltale_mqtt_messages_refused_total',
    help: 'Messages that were answered with a refusal and acknowledged.',
    labelNames: ['code'],
    registers,
  });
  const retries = new Counter({
    name: 'telltale_mqtt_retries_total',
    help: 'Tries to store a message that failed for now; the broker gets no acknowledgement before one succeeds.',
    registers,
  });
  const connections = new Counter({
    name: 'telltale_mqtt_connections_total',
    help: 'Connections to the broker that took up the subscription.',
    registers,
  });
  const isConnected = new Gauge({
    name: 'telltale_mqtt_connected',
    help: '1 while the receiver takes messages from the broker.',
    registers,
  });
  return {
    taken: () => messages.inc(),
    refused: (code) => refusals.inc({ code }),
    retried: () => retries.inc(),
    connected: () => {
      connections.inc();
      isConnected.set(1);
    },
    disconnected: () => isConnected.set(0),
  };
}

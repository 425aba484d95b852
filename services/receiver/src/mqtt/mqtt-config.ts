// The receiver's variables for MQTT, and what they come to. config.ts reads them.

import { z } from 'zod';

/** A broker's address. User and password stand in variables of their own, so that the address can be logged. */
function isBrokerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, pathname, search } = new URL(text);
  return (
    /^mqtts?:$/.test(protocol) && hostname !== '' && `${username}${password}${search}` === '' && pathname.length < 2
  );
}

export const mqttVariables = {
  MQTT_URL: z
    .string()
    .refine(isBrokerUrl, 'must be mqtt://host[:port] or mqtts://host[:port], without user or password')
    .optional(),
  MQTT_USER: z.string().optional(),
  MQTT_PASSWORD: z.string().optional(),
  MQTT_CA_FILE: z.string().optional(),
  MQTT_SHARE: z
    .string()
    .regex(/^[^\s/+#\p{Cc}]{1,100}$/u, 'must not contain spaces, slashes, plus or number signs')
    .default('telltale'),
  MQTT_CLIENT_ID: z
    .string()
    .regex(/^[^\p{Cc}]{1,200}$/u, 'must not contain control characters')
    .optional(),
};

export interface MqttConfig {
  readonly url: string;
  readonly user: string | undefined;
  /** A secret. */
  readonly password: string | undefined;
  /** Undefined: the certificate authorities that Node.js knows. */
  readonly caFile: string | undefined;
  /** Receivers that name the same group share the messages. */
  readonly share: string;
  /** Undefined: made of the group, the machine's name and the port. */
  readonly clientId: string | undefined;
}

/** Undefined without MQTT_URL. */
export function mqttConfigOf(variables: z.infer<z.ZodObject<typeof mqttVariables>>): MqttConfig | undefined {
  if (variables.MQTT_URL === undefined) return undefined;
  return {
    url: variables.MQTT_URL,
    user: variables.MQTT_USER,
    password: variables.MQTT_PASSWORD,
    caFile: variables.MQTT_CA_FILE,
    share: variables.MQTT_SHARE,
    clientId: variables.MQTT_CLIENT_ID,
  };
}

// The sender's variables: read once from the environment and from .env, checked, frozen. The only file here that sees
// process.env. HOST, PORT and DATA_DIR carry the same names in the receiver, because each service also runs alone.

import { join, resolve } from 'node:path';
import { ALGORITHM, deviceFault, fromBase64, parsePublicKey } from '@telltale/ledger';
import { config as loadDotenv } from 'dotenv';
import { z } from 'zod';
import { INTERVAL_MAX_S, INTERVAL_MIN_S, ITEMS_MAX, type Plan } from './schedule.ts';
import { StartError } from './start-error.ts';

function integerText(range: { min: number; max: number }) {
  return z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${range.min} to ${range.max}`)
    .transform(Number)
    .refine((value) => value >= range.min && value <= range.max, {
      error: `must be a whole number from ${range.min} to ${range.max}`,
    });
}

/** `protocol`: with its colon. */
function isPlainUrl(text: string, protocol: RegExp): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  // GET /status shows the URL, so no password may stand in it.
  return protocol.test(url.protocol) && url.username === '' && url.password === '' && url.search === '';
}

function isEd25519Key(text: string): boolean {
  const spki = fromBase64(text);
  const parsed = spki && parsePublicKey(spki);
  return parsed?.ok === true && parsed.value.algorithm === ALGORITHM.ed25519;
}

/** Every variable the sender reads. A test of the whole project holds .env.example against these names. */
export const senderVariables = z.object({
  HOST: z.string().prefault('127.0.0.1').describe('Address to listen on.'),
  PORT: integerText({ min: 0, max: 65_535 }).prefault('5000').describe('Port to listen on; 0 lets the system choose.'),
  DATA_DIR: z.string().prefault('./data').describe('Folder for data; the sender keeps its files in DATA_DIR/sender.'),
  RECEIVER_URL: z
    .string()
    .refine((text) => isPlainUrl(text, /^https?:$/), {
      error: 'must be an http or https URL without user, password or query',
    })
    .prefault('http://127.0.0.1:5001')
    .describe('The receiver; readings go to RECEIVER_URL/receive_data.'),
  MQTT_URL: z
    .string()
    .refine((text) => isPlainUrl(text, /^mqtts?:$/) && new URL(text).hostname !== '', {
      error: 'must be mqtt://host[:port] or mqtts://host[:port], without user or password',
    })
    .optional()
    .describe('A broker; when set, readings go to receivers through it, and RECEIVER_URL is for enrolment alone.'),
  MQTT_USER: z.string().optional().describe('User name at the broker.'),
  MQTT_PASSWORD: z.string().optional().describe('Password at the broker.'),
  MQTT_CA_FILE: z.string().optional().describe('Certificate authorities (PEM) for mqtts instead of those known.'),
  KEY_ALGORITHM: z
    .enum(['ed25519', 'rsa-pss', 'ecdsa-p256'], { error: 'must be ed25519, rsa-pss or ecdsa-p256' })
    .optional()
    .describe('Algorithm of a new key (ed25519 when unset). When set, an existing key file must have it.'),
  KEY_FILE: z.string().optional().describe('Private key, PKCS#8 PEM, mode 0600; default DATA_DIR/sender/key.pem.'),
  // 1000 is a guess: past it the simulation stands for no place that we know.
  DEVICES: integerText({ min: 1, max: 1000 }).prefault('3').describe('Number of simulated devices.'),
  SENSOR: z
    .enum(['simulated', 'command', 'thermal'], { error: 'must be simulated, command or thermal' })
    .prefault('simulated')
    .describe('Where readings come from.'),
  SENSOR_COMMAND: z
    .string()
    .optional()
    .describe('Program that prints one JSON object, or an array of them, a line; needed when SENSOR=command.'),
  SENSOR_DEVICE: z
    .string()
    .refine((name) => deviceFault(name) === undefined, {
      error: 'must be at most 256 bytes of text without control characters',
    })
    .optional()
    .describe('Device name for lines of SENSOR_COMMAND that carry none, and for temperatures; unset: the key itself.'),
  THERMAL_ZONE: z
    .string()
    .optional()
    .describe('Folder of the thermal zone for SENSOR=thermal; unset: the one of the processor.'),
  SEND_INTERVAL_S: z
    .string()
    .regex(/^\d{1,5}(\.\d{1,2})?$/, `must be a number from ${INTERVAL_MIN_S} to ${INTERVAL_MAX_S}`)
    .transform(Number)
    .refine((value) => value >= INTERVAL_MIN_S && value <= INTERVAL_MAX_S, {
      error: `must be a number from ${INTERVAL_MIN_S} to ${INTERVAL_MAX_S}`,
    })
    .optional()
    .describe('When set, sending starts with the sender: so many seconds between two batches, as interval_time.'),
  SEND_ITEMS: integerText({ min: 1, max: ITEMS_MAX })
    .prefault('1')
    .describe('Readings at each interval, as number_of_items_to_send; for SEND_INTERVAL_S.'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be trace, debug, info, warn, error, fatal or silent',
    })
    .prefault('info')
    .describe('Least severe level that is logged.'),
  DELIVERY_BATCH: integerText({ min: 1, max: 1000 }).prefault('100').describe('Most messages in one request.'),
  OUTBOX_LIMIT: integerText({ min: 1, max: 100_000_000 })
    .prefault('100000')
    .describe('Most messages kept, dead letters included; when full, new readings are skipped and counted.'),
  RECEIPTS_KEPT: integerText({ min: 1, max: 100_000_000 }).prefault('100000').describe('Newest receipts kept.'),
  LEDGER_PUBLIC_KEY: z
    .string()
    .refine(isEd25519Key, { error: 'must be base64 of the SPKI DER of an Ed25519 key' })
    .optional()
    .describe("The ledger's public key; when set, the signature of each receipt is checked too."),
  LEDGER_ORIGIN: z
    .string()
    .optional()
    .describe('Origin of the ledger, for LEDGER_PUBLIC_KEY; default telltale.local/<lane of that key>.'),
  ENROLLMENT_TOKEN: z
    .string()
    .min(16, 'must have at least 16 characters')
    .max(1000, 'must have at most 1000 characters')
    .regex(/^[\x21-\x7e]+$/, 'must be ASCII without spaces')
    .optional()
    .describe("The receiver's token, or a one-time token: the sender enrols its key with it before it sends anything."),
});

export type MqttConfig = Readonly<{
  url: string;
  user: string | undefined;
  /** A secret. */
  password: string | undefined;
  /** Undefined: the certificate authorities that Node.js knows. */
  caFile: string | undefined;
}>;

/** The checked variables in the form the code uses. Paths are absolute. */
export type SenderConfig = Readonly<{
  host: string;
  port: number;
  receiverUrl: string;
  /** Undefined: readings go to receiverUrl. */
  mqtt: MqttConfig | undefined;
  logLevel: z.output<typeof senderVariables>['LOG_LEVEL'];
  keyAlgorithm: 'ed25519' | 'rsa-pss' | 'ecdsa-p256' | undefined;
  keyFile: string;
  outboxFile: string;
  deviceCount: number;
  sensor:
    | { kind: 'simulated' }
    | { kind: 'command'; command: string; device: string | undefined }
    | { kind: 'thermal'; zone: string | undefined; device: string | undefined };
  /** What is sent from the start on; undefined: nothing before POST /start_sending. */
  schedule: Plan | undefined;
  deliveryBatch: number;
  outboxLimit: number;
  receiptsKept: number;
  ledgerKey: { publicKeyBase64: string; origin: string | undefined } | undefined;
  ledgerOrigin: string | undefined;
  /** A secret. Undefined: the sender does not enrol its key. */
  enrollmentToken: string | undefined;
}>;

/**
 * Checks the variables. An empty value counts as unset, as compose files write it.
 * @throws StartError `config`, one line naming every wrong variable.
 */
export function parseConfig(variables: Readonly<Record<string, string | undefined>>): SenderConfig {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = senderVariables.safeParse(given);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`);
  if (given['SENSOR'] === 'command' && (given['SENSOR_COMMAND'] ?? '').trim() === '') {
    faults.push('SENSOR_COMMAND must be set when SENSOR=command');
  }
  if (!parsed.success || faults.length > 0) {
    throw new StartError('config', `wrong configuration: ${[...new Set(faults)].join('; ')}`);
  }
  const value = parsed.data;
  const folder = resolve(value.DATA_DIR, 'sender');
  const config: SenderConfig = {
    host: value.HOST,
    port: value.PORT,
    receiverUrl: value.RECEIVER_URL,
    mqtt:
      value.MQTT_URL === undefined
        ? undefined
        : {
            url: value.MQTT_URL,
            user: value.MQTT_USER,
            password: value.MQTT_PASSWORD,
            caFile: value.MQTT_CA_FILE,
          },
    logLevel: value.LOG_LEVEL,
    keyAlgorithm: value.KEY_ALGORITHM,
    keyFile: value.KEY_FILE === undefined ? join(folder, 'key.pem') : resolve(value.KEY_FILE),
    outboxFile: join(folder, 'outbox.sqlite'),
    deviceCount: value.DEVICES,
    sensor: sensorOf(value),
    schedule:
      value.SEND_INTERVAL_S === undefined
        ? undefined
        : { count: value.SEND_ITEMS, intervalMs: value.SEND_INTERVAL_S * 1000 },
    deliveryBatch: value.DELIVERY_BATCH,
    outboxLimit: value.OUTBOX_LIMIT,
    receiptsKept: value.RECEIPTS_KEPT,
    ledgerKey:
      value.LEDGER_PUBLIC_KEY === undefined
        ? undefined
        : { publicKeyBase64: value.LEDGER_PUBLIC_KEY, origin: value.LEDGER_ORIGIN },
    ledgerOrigin: value.LEDGER_ORIGIN,
    enrollmentToken: value.ENROLLMENT_TOKEN,
  };
  return Object.freeze(config);
}

function sensorOf(value: z.output<typeof senderVariables>): SenderConfig['sensor'] {
  const { SENSOR: kind, SENSOR_COMMAND: command = '', SENSOR_DEVICE: device, THERMAL_ZONE: zone } = value;
  if (kind === 'command') return { kind, command, device };
  return kind === 'thermal' ? { kind, zone: zone && resolve(zone), device } : { kind };
}

/** Reads .env of the working folder and the environment, which wins. @throws StartError `config` */
export function loadConfig(): SenderConfig {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) variables[name] = value;
  loadDotenv({ quiet: true, processEnv: variables });
  return parseConfig(variables);
}

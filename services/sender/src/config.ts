// The sender's variables: read once from the environment and from .env, checked, frozen. The only file here that sees
// process.env. HOST, PORT and DATA_DIR carry the same names in the receiver, because each service also runs alone.

import { join, resolve } from 'node:path';
import { ALGORITHM, deviceFault, fromBase64, parsePublicKey } from '@telltale/ledger';
import { config as loadDotenv } from 'dotenv';
import { z } from 'zod';
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

function isReceiverUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  // fetch refuses URLs with a user name or password, so they are refused here, where the operator sees it.
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '';
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
    .refine(isReceiverUrl, { error: 'must be an http or https URL without user, password or query' })
    .prefault('http://127.0.0.1:5001')
    .describe('The receiver; readings go to RECEIVER_URL/receive_data.'),
  KEY_ALGORITHM: z
    .enum(['ed25519', 'rsa-pss', 'ecdsa-p256'], { error: 'must be ed25519, rsa-pss or ecdsa-p256' })
    .optional()
    .describe('Algorithm of a new key (ed25519 when unset). When set, an existing key file must have it.'),
  KEY_FILE: z.string().optional().describe('Private key, PKCS#8 PEM, mode 0600; default DATA_DIR/sender/key.pem.'),
  // 1000 is a guess: past it the simulation stands for no place that we know.
  DEVICES: integerText({ min: 1, max: 1000 }).prefault('3').describe('Number of simulated devices.'),
  SENSOR: z
    .enum(['simulated', 'command'], { error: 'must be simulated or command' })
    .prefault('simulated')
    .describe('Where readings come from.'),
  SENSOR_COMMAND: z
    .string()
    .optional()
    .describe('Program that prints one JSON object a line; needed when SENSOR=command.'),
  SENSOR_DEVICE: z
    .string()
    .refine((name) => deviceFault(name) === undefined, {
      error: 'must be at most 256 bytes of text without control characters',
    })
    .optional()
    .describe('Device name for lines of SENSOR_COMMAND that carry none; unset, they belong to the key itself.'),
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

/** The checked variables in the form the code uses. Paths are absolute. */
export type SenderConfig = Readonly<{
  host: string;
  port: number;
  receiverUrl: string;
  logLevel: z.output<typeof senderVariables>['LOG_LEVEL'];
  keyAlgorithm: 'ed25519' | 'rsa-pss' | 'ecdsa-p256' | undefined;
  keyFile: string;
  outboxFile: string;
  deviceCount: number;
  sensor: { kind: 'simulated' } | { kind: 'command'; command: string; device: string | undefined };
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
    logLevel: value.LOG_LEVEL,
    keyAlgorithm: value.KEY_ALGORITHM,
    keyFile: value.KEY_FILE === undefined ? join(folder, 'key.pem') : resolve(value.KEY_FILE),
    outboxFile: join(folder, 'outbox.sqlite'),
    deviceCount: value.DEVICES,
    sensor:
      value.SENSOR === 'command'
        ? { kind: 'command', command: value.SENSOR_COMMAND ?? '', device: value.SENSOR_DEVICE }
        : { kind: 'simulated' },
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

/** Reads .env of the working folder and the environment, which wins. @throws StartError `config` */
export function loadConfig(): SenderConfig {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) if (value !== undefined) variables[name] = value;
  loadDotenv({ quiet: true, processEnv: variables });
  return parseConfig(variables);
}

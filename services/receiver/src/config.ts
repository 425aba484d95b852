// What the environment (and .env) says, read once: every wrong variable is named at once, and nothing else of the service reads it.

import { resolve } from 'node:path';
import type { NoteVerifier, Result } from '@telltale/ledger';
import { config as loadDotenv } from 'dotenv';
import pg from 'pg';
import { z } from 'zod';
import { type MqttConfig, mqttConfigOf, mqttVariables } from './mqtt/mqtt-config.ts';
import { parseLogs, parseWitnesses, type WitnessAddress } from './witness/witness-list.ts';

/** A whole number in plain digits. Number() alone would take "0x10", " " and "1e3" too. */
const integer = (bounds: { least: number; most: number }) => {
  const error = `must be a whole number from ${bounds.least} to ${bounds.most}`;
  const isWithin = (value: number) => value >= bounds.least && value <= bounds.most;
  return z
    .string()
    .regex(/^\d{1,15}$/, error)
    .transform(Number)
    .refine(isWithin, { error });
};

/** One C2SP name: what stands in signed notes between spaces, and may not look like one of our own signed texts. */
const origin = z
  .string()
  .max(255)
  .regex(/^[^\s+\p{Cc}]+$/u, 'must not contain spaces, plus signs or control characters')
  .refine((name) => !name.startsWith('telltale-'), 'must not begin with "telltale-"');

/** Whether the database driver can read this URL. Nothing is connected yet. */
function isConnectionUrl(connectionString: string): boolean {
  try {
    new pg.Client({ connectionString });
    return true;
  } catch {
    // The driver's own words may repeat the URL, and a password stands in it.
    return false;
  }
}

/** A token that people choose; who can guess it can enrol keys or revoke them. */
const secret = z
  .string()
  .min(16, 'must have at least 16 characters')
  .regex(/^[\x21-\x7e]+$/, 'must be ASCII without spaces: it travels in a header');

/** A comma separated list that a function of ours reads. Unset: an empty list. */
const list = <Item>(parse: (text: string) => Result<Item[]>) =>
  z
    .string()
    .transform((text, context): Item[] => {
      const items = parse(text);
      if (!items.ok) context.addIssue(items.message);
      return items.ok ? items.value : z.NEVER;
    })
    .optional()
    .transform((items) => items ?? []);

/** Modules, separated by commas. */
const modules = z
  .string()
  .default('')
  .transform((text) => text.split(',').map((name) => name.trim()))
  .transform((names) => [...new Set(names)].filter((name) => name !== ''));

/** The plugin that PEERING, PEER_ADDR or ROSTER switches on, unless PEERING names a module. */
const PEERING_PLUGIN = '@telltale/peering';

/** What a promised sealing time leaves for mining and for a restart. A guess. */
const PROMISE_MARGIN_MS = 60_000;

/** The receiver's variables, as .env.example documents them. An empty variable counts as unset. */
export const receiverVariables = z.object({
  HOST: z.string().default('127.0.0.1'),
  PORT: integer({ least: 0, most: 65_535 }).prefault('5001'),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z
    .string()
    .regex(/^(postgres(ql)?|socket):/, 'must be a postgresql:// URL')
    .refine(isConnectionUrl, 'must be a postgresql:// URL that can be read')
    .optional(),
  DATABASE_CONNECTIONS: integer({ least: 4, most: 100 }).prefault('10'),
  LEDGER_KEY_FILE: z.string().optional(),
  LEDGER_ORIGIN: origin.optional(),
  ENROLLMENT_TOKEN: secret.optional(),
  ADMIN_TOKEN: secret.optional(),
  TRANSACTIONS_PER_BLOCK: integer({ least: 1, most: 100_000 }).prefault('2'),
  DIFFICULTY: integer({ least: 0, most: 16 }).prefault('2'),
  NONCE_LIMIT: integer({ least: 1, most: 2 ** 32 }).prefault('10000000'),
  BLOCK_MAX_WAIT_MS: integer({ least: 0, most: 86_400_000 }).prefault('5000'),
  SEAL_PROMISE_MS: integer({ least: 0, most: 31_536_000_000 }).prefault('86400000'),
  MAX_BODY_BYTES: integer({ least: 1_024, most: 268_435_456 }).prefault('8388608'),
  MAX_ENVELOPES: integer({ least: 1, most: 100_000 }).prefault('1000'),
  // As much as Kerberos allows (RFC 4120 section 8.2): a clock that any time service sets is far inside.
  CLOCK_TOLERANCE_MS: integer({ least: 1, most: 31_536_000_000 }).prefault('300000'),
  WITNESSES: list(parseWitnesses),
  WITNESS_POLICY: integer({ least: 0, most: 32 }).prefault('0'),
  WITNESS_LOGS: list(parseLogs),
  WITNESS_KEY_FILE: z.string().optional(),
  PLUGINS: modules,
  PEERING: z
    .string()
    .regex(/^(?:[01]|[./].*)$/, 'must be 0, 1 or the path of a module, which begins with . or /')
    .optional(),
  PEER_ADDR: z.string().optional(),
  ROSTER: z.string().optional(),
  METRICS_TOKEN: secret.optional(),
  ...mqttVariables,
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
});

export interface ReceiverConfig {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly dataDir: string;
  /** Undefined: the embedded PostgreSQL below dataDir. */
  readonly databaseUrl: string | undefined;
  readonly databaseConnections: number;
  readonly ledgerKeyFile: string;
  /** Undefined: `telltale.local/<lane>`, or what genesis said. */
  readonly ledgerOrigin: string | undefined;
  /** Set: strict, only enrolled keys are accepted. Undefined: open, a new key is recorded at its first use. */
  readonly enrollmentToken: string | undefined;
  /** Undefined: nobody can revoke keys or invite. */
  readonly adminToken: string | undefined;
  readonly transactionsPerBlock: number;
  /** Leading zero digits of the hexadecimal hash. */
  readonly difficulty: number;
  readonly nonceLimit: number;
  /** 0: a block waits for its last reading for ever. */
  readonly blockMaxWaitMs: number;
  /** 0: receipts promise no time. */
  readonly sealPromiseMs: number;
  readonly maxBodyBytes: number;
  readonly maxEnvelopes: number;
  /** A device whose clock is further from the receiver's, either way, is flagged. */
  readonly clockToleranceMs: number;
  /** Whom this ledger asks for cosignatures. */
  readonly witnesses: readonly WitnessAddress[];
  /** Cosignatures that a checkpoint needs before it is published. */
  readonly witnessPolicy: number;
  /** Keys of the logs that this receiver is a witness for; none: it is no witness. */
  readonly witnessLogs: readonly NoteVerifier[];
  readonly witnessKeyFile: string;
  /** What names the plugins' modules, in the order of their start. */
  readonly plugins: readonly string[];
  /** Every variable that is set, for plugins to read their own from; none where there is no plugin. */
  readonly pluginEnvironment: Readonly<Record<string, string | undefined>>;
  /** Undefined: anybody may read /metrics. */
  readonly metricsToken: string | undefined;
  /** Undefined: readings come over HTTP alone. */
  readonly mqtt: MqttConfig | undefined;
  readonly logLevel: z.infer<typeof receiverVariables>['LOG_LEVEL'];
}

/** Thrown for variables that cannot be used; the message is one line that names them all. */
export class ConfigError extends Error {
  readonly code = 'config-invalid';
}

/** Reads .env of the working directory (what the environment sets wins) and the environment. Throws ConfigError. */
export function loadConfig(): ReceiverConfig {
  loadDotenv({ quiet: true });
  return parseConfig(process.env);
}

/** The configuration that these variables give, frozen. Throws ConfigError. */
export function parseConfig(environment: NodeJS.ProcessEnv): ReceiverConfig {
  const set = Object.entries(environment).filter(([, value]) => value !== '');
  const parsed = receiverVariables.safeParse(Object.fromEntries(set));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`wrong configuration: ${faults.join('; ')}`);
  }
  const variables = parsed.data;
  const { SEAL_PROMISE_MS: promiseMs, BLOCK_MAX_WAIT_MS: waitMs } = variables;
  if (promiseMs !== 0 && promiseMs < waitMs + PROMISE_MARGIN_MS) {
    const least = `BLOCK_MAX_WAIT_MS and ${PROMISE_MARGIN_MS} more`;
    throw new ConfigError(
      `wrong configuration: SEAL_PROMISE_MS: must be 0 or at least ${least}: a promise that is broken is evidence`,
    );
  }
  const { WITNESSES: witnesses, WITNESS_POLICY: witnessPolicy } = variables;
  if (witnessPolicy > witnesses.length) {
    const fault = `WITNESS_POLICY: asks for ${witnessPolicy} cosignatures, but WITNESSES names ${witnesses.length} witnesses`;
    throw new ConfigError(`wrong configuration: ${fault}`);
  }
  const dataDir = resolve(variables.DATA_DIR);
  const plugins = pluginsOf(variables);
  return Object.freeze({
    host: variables.HOST,
    port: variables.PORT,
    dataDir,
    databaseUrl: variables.DATABASE_URL,
    databaseConnections: variables.DATABASE_CONNECTIONS,
    ledgerKeyFile: resolve(variables.LEDGER_KEY_FILE ?? `${dataDir}/ledger-key.pem`),
    ledgerOrigin: variables.LEDGER_ORIGIN,
    enrollmentToken: variables.ENROLLMENT_TOKEN,
    adminToken: variables.ADMIN_TOKEN,
    transactionsPerBlock: variables.TRANSACTIONS_PER_BLOCK,
    difficulty: variables.DIFFICULTY,
    nonceLimit: variables.NONCE_LIMIT,
    blockMaxWaitMs: variables.BLOCK_MAX_WAIT_MS,
    sealPromiseMs: variables.SEAL_PROMISE_MS,
    maxBodyBytes: variables.MAX_BODY_BYTES,
    maxEnvelopes: variables.MAX_ENVELOPES,
    clockToleranceMs: variables.CLOCK_TOLERANCE_MS,
    witnesses,
    witnessPolicy,
    witnessLogs: variables.WITNESS_LOGS,
    witnessKeyFile: resolve(variables.WITNESS_KEY_FILE ?? `${dataDir}/witness-key.pem`),
    plugins,
    pluginEnvironment: Object.freeze(plugins.length > 0 ? Object.fromEntries(set) : {}),
    metricsToken: variables.METRICS_TOKEN,
    mqtt: mqttConfigOf(variables),
    logLevel: variables.LOG_LEVEL,
  });
}

/** Peering comes first: it is the one that others may build on. */
function pluginsOf(variables: z.infer<typeof receiverVariables>): readonly string[] {
  const { PLUGINS: named, PEERING, PEER_ADDR, ROSTER } = variables;
  // 0 is off whatever else is set: so that a ring's receiver can be started without it for once.
  const isPeering = PEERING === undefined ? PEER_ADDR !== undefined || ROSTER !== undefined : PEERING !== '0';
  const module = PEERING === undefined || PEERING === '1' ? PEERING_PLUGIN : PEERING;
  return isPeering ? [...new Set([module, ...named])] : named;
}

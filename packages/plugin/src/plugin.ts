// What a plugin of the receiver is, and what the receiver gives it: the contract. The receiver keeps its side in
// services/receiver/src/plugins; a plugin's side is checked by ./testing. Nothing here runs.

import type { Registry } from '@platformatic/prom-client';
import type { PublicKey, Signer } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import type { PluginLog } from './plugin-log.ts';
import type { FoundReading, ReadingQuery } from './query.ts';
import type { AcceptedReading, ReadingReader } from './reading.ts';
import type { BlockReader, SealedBlock } from './sealed-block.ts';

/** The environment and .env, without empty variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A plugin: what a module that PLUGINS names exports as `plugin`. `Configuration` is whatever its own `variables` returns. The module is loaded
 * only when it is named, and loading it must do nothing yet.
 */
export interface ReceiverPlugin<Configuration = unknown> {
  /**
   * A lower-case letter, then up to 30 more, digits or underscores; no two plugins of a receiver share it. Its tables are called `<name>_…`, its
   * metrics `telltale_<name>_…`, and its routes stand under this tag in the OpenAPI document.
   */
  readonly name: string;
  /** Absolute path of a folder of `NNNN_name.sql`, forward only; run before `start`, and recorded in `plugin_<name>_migrations`. */
  readonly migrations?: string;
  /**
   * Reads its variables, before anything is started. Returns the configuration, or throws an Error whose message is one line that names every
   * wrong variable and repeats no value: it may be a secret.
   */
  variables?(environment: Environment): Configuration;
  /**
   * Starts it; the receiver listens only after that. Whatever this throws stops the receiver. `configuration` is what `variables` returned,
   * undefined without one.
   */
  start(context: PluginContext, configuration: Configuration): Promise<RunningPlugin>;
}

/** What the receiver gives a plugin at its start. */
export interface PluginContext {
  /** A few connections of the plugin's own to the ledger's database: however long it holds them, sealing and ingest have theirs. int8 is a bigint. */
  readonly pool: Pool;
  readonly ledger: LedgerIdentity;
  /** Tagged with the plugin's name. A constant message and fields; no keys, tokens or payloads. */
  readonly log: PluginLog;
  /** What /metrics shows. No label may hold a device or a key: each value of a label is a series for ever. */
  readonly metrics: Registry;
  /** Absolute, and there. */
  readonly dataDir: string;
  /** Where the receiver is going to listen. Port 0: any; `onListening` says which. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The receiver's clock, microseconds since the Unix epoch. */
  readonly nowUs: () => number;
  readonly blocks: BlockReader;
  readonly readings: ReadingReader;
}

/** Whose ledger this receiver serves. */
export interface LedgerIdentity {
  readonly origin: string;
  /** 12 bytes: the first of the ledger's key id. */
  readonly lane: Uint8Array;
  readonly publicKey: PublicKey;
  /**
   * Signs a text with the ledger's key, 64 bytes. The text must begin with a line `telltale-<purpose>-v<number>`, and the purpose must not be one
   * of the ledger's own (block, receipt, possession, enrol, revoke): throws otherwise. So no plugin signs what a block or a receipt would.
   */
  readonly signText: Signer;
}

/**
 * A plugin that runs. Every member but `stop` may be left out. Whatever a call throws, or never settles, stops neither sealing nor ingest: it is
 * logged and counted, and the plugin is called again for the next thing. What a plugin throws in timers of its own ends the process, as
 * anywhere in Node.js; and it shares the event loop, so it must not compute for long.
 */
export interface RunningPlugin {
  /** Index of the first block that `onBlock` is to hear of: the plugin's own cursor. By default 0, the genesis block. */
  readonly blocksFrom?: number;
  /**
   * Registers its routes, before the receiver listens, in a Fastify scope of its own with the receiver's error answers. Schemas, where there are any,
   * are zod schemas. `app.server` takes a listener for `upgrade`, which must leave alone every path that is not the plugin's: it may be another's.
   * What this throws stops the receiver; what a route throws is a 500, and counted.
   */
  routes?(app: FastifyInstance): void | Promise<void>;
  /** The receiver listens; `url` is where. */
  onListening?(at: { readonly url: string }): void | Promise<void>;
  /**
   * Readings that this receiver has just accepted: durable, pending, in the order of the log, none twice. The next call comes when this one has settled.
   * Not every reading comes by: those that another receiver of the ledger accepted do not, nor those that a slow or failing plugin
   * missed (the oldest are dropped and counted). All of them come again in blocks.
   */
  onReading?(readings: readonly AcceptedReading[]): void | Promise<void>;
  /**
   * A sealed block, in order, each at least once from `blocksFrom` on: also again when this rejects, with growing pauses up to a minute, and after
   * a crash. The next one comes when this one has settled, so a plugin falls behind as far as it likes and catches up from its cursor.
   * Keep the cursor in the transaction that keeps what the block brought, and each block counts once.
   */
  onBlock?(block: SealedBlock): void | Promise<void>;
  /**
   * Looks for something that this ledger does not hold. Undefined: not found. The receiver waits some seconds; then `signal` aborts and the
   * answer counts no more. What is found is checked against what was asked for.
   */
  onQuery?(query: ReadingQuery, limits: { readonly signal: AbortSignal }): Promise<FoundReading | undefined>;
  /**
   * For `POST /receive_data?ack=quorum`: resolves with true once these leaves of this ledger are durable elsewhere too, with false when they
   * are not within the time. They may be pending, sealed, or known for long: a sender that sends again asks again.
   */
  untilReplicated?(leafIndexes: readonly number[], timeoutMs: number): Promise<boolean>;
  /**
   * Ends everything that it started, its connections on `app.server` too, within 3 s that all plugins share. The receiver still listens, and calls
   * nothing else of the plugin meanwhile or afterwards; a call that goes on for long may still be under way.
   */
  stop(): Promise<void>;
}

// Whether this receiver can do its work now: the database answers, its schema is the one that this version needs, and the sealer's last turn
// went well. Nothing is mended here, and nothing else of the receiver looks at it.

import { type SchemaState, schemaState } from '@telltale/database';
import type { Pool } from 'pg';
import { within } from './plugins/within.ts';

/** How long the database may take to answer. A guess: probes of Kubernetes and of load balancers give up after one to five seconds. */
const DATABASE_DEADLINE_MS = 2_000;

export interface ReadinessReport {
  readonly isReady: boolean;
  readonly database: 'ok' | 'unavailable';
  /** unknown: the database does not say. A newer schema is fine: so it is while a newer version takes over. */
  readonly migrations: SchemaState | 'unknown';
  /** standing-by: another receiver of this ledger seals. */
  readonly sealer: 'sealing' | 'standing-by' | 'failing';
}

export class Readiness {
  private readonly pool: Pool;
  private readonly sealer: { readonly isSealing: boolean; readonly isFailing: boolean };
  /** The question under way, which everybody who asks meanwhile shares: probes never take more than one connection. */
  private asking: Promise<SchemaState> | undefined;

  constructor(parts: { pool: Pool; sealer: { readonly isSealing: boolean; readonly isFailing: boolean } }) {
    this.pool = parts.pool;
    this.sealer = parts.sealer;
  }

  async check(): Promise<ReadinessReport> {
    // Whatever the failure is, the sealer and every request meet it too, and log it.
    const schema = await within(this.askSchema(), { timeoutMs: DATABASE_DEADLINE_MS }).catch(() => undefined);
    const { isSealing, isFailing } = this.sealer;
    return {
      isReady: schema !== undefined && schema !== 'behind' && !isFailing,
      database: schema === undefined ? 'unavailable' : 'ok',
      migrations: schema ?? 'unknown',
      sealer: isFailing ? 'failing' : isSealing ? 'sealing' : 'standing-by',
    };
  }

  private askSchema(): Promise<SchemaState> {
    this.asking ??= schemaState(this.pool).finally(() => {
      this.asking = undefined;
    });
    return this.asking;
  }
}

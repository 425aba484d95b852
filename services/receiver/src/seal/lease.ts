// Who seals: at most one receiver of a ledger at a time. The lease is renewed while it is held, also during long mining; whoever lost it
// hears at once. Safety does not hang on its clock: a sealing transaction carries the token, and an old token commits nothing.

import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { acquireLease, releaseLease } from '../store/lease-store.ts';

/** How long a dead sealer holds the others off. A guess: longer than a pause of a loaded machine, short for whoever waits. */
const LEASE_MS = 5_000;

export class Lease {
  private readonly pool: Pool;
  private readonly holder = randomUUID();
  private readonly onError: (error: unknown) => void;
  private timer: NodeJS.Timeout | undefined;
  private lost = new AbortController();
  private token: bigint | undefined;
  private renewal: Promise<void> = Promise.resolve();

  constructor(pool: Pool, onError: (error: unknown) => void) {
    this.pool = pool;
    this.onError = onError;
  }

  /** Whether this receiver holds it, as far as it knows: another may have taken it since. Only for work that may be done twice. */
  get isHeld(): boolean {
    return this.token !== undefined;
  }

  /** The fencing token and a signal that aborts when the lease is lost, or undefined while another receiver seals. */
  async hold(): Promise<{ token: bigint; lost: AbortSignal } | undefined> {
    if (this.token === undefined) {
      this.token = await acquireLease(this.pool, { holder: this.holder, durationMs: LEASE_MS });
      if (this.token === undefined) return undefined;
      this.lost = new AbortController();
      this.timer = setInterval(() => {
        this.renewal = this.renew();
      }, LEASE_MS / 3);
    }
    return { token: this.token, lost: this.lost.signal };
  }

  /** Gives the lease up, so that another receiver can seal at once. */
  async release(): Promise<void> {
    if (this.token === undefined) return;
    this.drop();
    // A renewal under way would take the lease again just after it was released.
    await this.renewal;
    await releaseLease(this.pool, this.holder);
  }

  private async renew(): Promise<void> {
    const { token } = this;
    try {
      const renewed = await acquireLease(this.pool, { holder: this.holder, durationMs: LEASE_MS });
      if (this.token === token && renewed !== token) this.drop();
    } catch (error) {
      // The database did not answer: the token may be old by the time it does. The next hold() asks again.
      this.onError(error);
      if (this.token === token) this.drop();
    }
  }

  private drop(): void {
    clearInterval(this.timer);
    this.token = undefined;
    this.lost.abort();
  }
}

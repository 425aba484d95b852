// Registry leaves get their place under the same lock as readings, so no reading is accepted between a decision on a key and its leaf.

import { inTransaction } from '@telltale/database';
import type { Pool, PoolClient } from 'pg';
import { LogAppend } from '../ingest/log-append.ts';
import { lockCounter } from '../store/identity-store.ts';

/** What registry changes need; part of the wiring. */
export interface RegistryContext {
  readonly pool: Pool;
  readonly nowUs: () => number;
  /** Hears of each commit that added leaves. Must not throw. */
  readonly onAppended: () => void;
}

/**
 * Runs `decide` under the counter's lock; it reads the registry with `client`, pushes leaves and what they change, or throws to refuse.
 * A crash before the commit leaves nothing of it. After it everything is durable: whoever heard no answer finds the key changed.
 */
export async function appendRegistry<Result>(
  context: RegistryContext,
  decide: (client: PoolClient, append: LogAppend) => Promise<Result>,
): Promise<Result> {
  const { pool, nowUs, onAppended } = context;
  const result = await inTransaction(pool, { isolation: 'read committed' }, async (client) => {
    const append = new LogAppend({ counter: await lockCounter(client), nowUs: nowUs() });
    const decided = await decide(client, append);
    await append.write(client);
    return decided;
  });
  onAppended();
  return result;
}

// The warning that an operator needs before a power cut, not after it.

import { openPool } from '@telltale/database';
import { createTestDatabase } from '@telltale/database/testing';
import { describe, expect, inject, it } from 'vitest';
import { weakSettings } from './durability.ts';

describe('weakSettings', () => {
  it('names a setting under which an acknowledged reading can be lost', async () => {
    const database = await createTestDatabase(inject('testServer'));
    const open = () =>
      openPool({ connection: database.target, applicationName: 'test', maxConnections: 1, onError: () => undefined });
    const pool = open();
    try {
      expect(await weakSettings(pool)).toEqual([]);
      await pool.query(
        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`,
      );
      const later = open();
      expect(await weakSettings(later)).toEqual(['synchronous_commit=off']);
      await later.end();
    } finally {
      await pool.end();
      await database.drop();
    }
  });
});

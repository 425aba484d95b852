// How the tests run: one PostgreSQL server for the whole run, and time for real processes.

import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['packages/database/src/testing/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // vitest would leave a core free; most of our tests wait for processes of their own, and a second worker fills the waiting.
    maxWorkers: Math.max(2, availableParallelism()),
  },
});

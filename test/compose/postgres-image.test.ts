// The tests of what speaks SQL, once more on the postgres image that docker-compose.yml runs: another major version, TCP and a password,
// where the embedded server has neither.

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithEngine } from './engine.ts';

const root = resolve(import.meta.dirname, '../..');
/** As in docker-compose.yml. */
const image = 'postgres:17-bookworm';
/** Files whose path contains one of these. Not the embedded server's own tests. */
const files = [
  'packages/database/src/migrate.test',
  'packages/database/src/pool.test',
  'packages/database/src/transaction.test',
  'services/receiver/src/ingest/accept',
  'services/receiver/src/seal/lease',
  'services/receiver/src/store/',
  'services/receiver/src/validate/',
];
/** The image may have to be fetched first. */
const startTimeoutMs = 300_000;
const runTimeoutMs = 900_000;

/** As far as vitest's report in JSON is looked at here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly { readonly name: string }[];
}

describeWithEngine(`the store on ${image}`, () => {
  const password = randomBytes(16).toString('hex');
  let postgres: StartedTestContainer;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-postgres-image-'));
    postgres = await new GenericContainer(image)
      .withAutoCleanup(false)
      .withEnvironment({ POSTGRES_PASSWORD: password })
      .withExposedPorts(5432)
      .withWaitStrategy(Wait.forSuccessfulCommand('pg_isready --host=127.0.0.1'))
      .withStartupTimeout(startTimeoutMs)
      .start();
  }, startTimeoutMs);

  afterAll(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('passes the tests that the embedded server passes', { timeout: runTimeoutMs }, async () => {
    const reportFile = join(folder, 'report.json');
    const url = `postgresql://postgres:${password}@${postgres.getHost()}:${postgres.getMappedPort(5432)}/postgres`;
    const { exitCode, output } = await runVitest({ url, reportFile });
    expect(exitCode, output).toBe(0);
    const report: Report = JSON.parse(await readFile(reportFile, 'utf8'));
    expect(report.numFailedTests).toBe(0);
    expect(report.numPassedTests).toBeGreaterThan(0);
    for (const file of files) {
      expect(report.testResults.map(({ name }) => name)).toContainEqual(expect.stringContaining(file));
    }
  });
});

/** A run of its own, because the server of a run is chosen at its start. One worker: this run has the machine's cores already. */
async function runVitest(options: { url: string; reportFile: string }): Promise<{ exitCode: number; output: string }> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'));
  const child = spawn(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      ...files,
      '--maxWorkers=1',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${options.reportFile}`,
    ],
    {
      cwd: root,
      env: { ...Object.fromEntries(inherited), TEST_DATABASE_URL: options.url },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((done, fail) => {
    child.once('error', fail);
    child.once('close', (exitCode) => done({ exitCode: exitCode ?? 1, output }));
  });
}

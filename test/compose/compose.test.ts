// `docker compose up` as an operator meets it: a fresh clone without .env, readings sealed, the receiver restarted, a .env added later.
// The steps build on each other, on one stack.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithEngine } from './engine.ts';
import { ringSteps } from './ring-steps.ts';
import { type ChainBlock, prepareStack, type Stack } from './stack.ts';

/** The images are built from nothing, and their dependencies installed. */
const upTimeoutMs = 600_000;
const stepTimeoutMs = 180_000;
const services = ['postgres', 'receiver', 'sender'];

describeWithEngine('docker compose up', () => {
  let stack: Stack;
  /** What the step before has seen of the chain. */
  let seen: ChainBlock[] = [];

  beforeAll(async () => {
    stack = await prepareStack();
    await stack.up();
  }, upTimeoutMs);

  afterAll(() => stack?.down(), stepTimeoutMs);

  it('seals what the sender sends, without a .env', { timeout: stepTimeoutMs }, async () => {
    await startSending({ number_of_items_to_send: 2, interval_time: 0.5 });
    seen = await stack.chainWhen('three blocks are sealed', (chain) => chain.length >= 4);
    expect(seen[0]?.data).toBe('Genesis Block');
    expect(readingCounts(seen)).toContain(2);
    expect(await validate()).toMatchObject({ status: 'success', valid: true, fault: null });
  });

  it('publishes 5000 and 5001 alone, to this machine alone', async () => {
    const published = await Promise.all(services.map(publishedPorts));
    const portOf = (url: string) => new URL(url).port;
    expect(published).toEqual([
      [],
      [`5001/tcp 127.0.0.1:${portOf(stack.receiverUrl)}`],
      [`5000/tcp 127.0.0.1:${portOf(stack.senderUrl)}`],
    ]);
  });

  it.each(services)('runs every process of %s as an ordinary user that can gain no privileges', async (service) => {
    const [, ...processes] = (await stack.docker(['top'], service, ['-eo', 'uid,pid'])).trim().split('\n');
    expect(processes).not.toEqual([]);
    for (const line of processes) expect(line).toMatch(/^\s*[1-9]\d*\s+\d+$/);
    const options = await stack.docker(['inspect', '--format', '{{json .HostConfig.SecurityOpt}}'], service);
    expect(options).toContain('no-new-privileges');
  });

  it.each(services)('knows whether %s is healthy', async (service) => {
    const health = await stack.docker(['inspect', '--format', '{{.State.Health.Status}}'], service);
    expect(health.trim()).toBe('healthy');
  });

  it.each(['receiver', 'sender'])('ships no key, no .env and no test in the image of %s', async (service) => {
    const names = ['*.pem', '.env*', '*.test.ts', 'data'].flatMap((name) => ['-o', '-name', name]).slice(1);
    const find = ['find', '/app', '-path', '/app/node_modules', '-prune', '-o', '(', ...names, ')', '-print'];
    expect(await stack.docker(['exec'], service, find)).toBe('');
    expect(await stack.docker(['exec'], service, ['ls', '/app/packages/ledger/src/index.ts'])).not.toBe('');
  });

  it('checks Ed25519 by libsodium in the receiver, and ships no build for another system', async () => {
    const load = `import('/app/packages/signature-threads/src/fast-verifier.ts').then((m) => console.log(m.findLibsodium() !== null))`;
    expect((await stack.docker(['exec'], 'receiver', ['node', '-e', load])).trim()).toBe('true');
    const others = ['-path', '*/prebuilds/*', '-type', 'f', '!', '-path', '*/linux-*.node'];
    expect(await stack.docker(['exec'], 'receiver', ['find', '/app/node_modules', ...others])).toBe('');
  });

  it('goes on with the same chain after a restart of the receiver', { timeout: stepTimeoutMs }, async () => {
    await stack.docker(['restart', '--time', '40'], 'receiver');
    const before = await stack.chainWhen('the receiver answers again', () => true);
    const after = await stack.chainWhen('it has sealed more', (chain) => chain.length > before.length);
    expectContinued(after);
    expect(await validate()).toMatchObject({ status: 'success', valid: true, fault: null });
  });

  it('takes from a .env what the ledger is to do, and not where a local service would be', {
    timeout: upTimeoutMs,
  }, async () => {
    const local = {
      HOST: '127.0.0.1',
      PORT: '9',
      DATA_DIR: '/nowhere',
      DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/nothing',
      RECEIVER_URL: 'http://127.0.0.1:9',
    };
    await stack.up({ ...local, TRANSACTIONS_PER_BLOCK: '3', DIFFICULTY: '3', DEVICES: '1' });
    await startSending({ number_of_items_to_send: 3, interval_time: 0.5 });
    // The outbox may still hold what three devices sent.
    const isAsSet = ({ data, hash }: ChainBlock) =>
      typeof data !== 'string' && data.length === 3 && hash.startsWith('000') && data.every(isOfFirstDevice);
    const after = await stack.chainWhen('a block is sealed as .env says', (chain) => chain.some(isAsSet));
    expectContinued(after);
    expect(await validate()).toMatchObject({ status: 'success', valid: true, fault: null });
  });

  describe('with --profile ring', () => ringSteps(() => stack));

  async function startSending(schedule: { number_of_items_to_send: number; interval_time: number }): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify(schedule);
    const answer = await fetch(`${stack.senderUrl}/start_sending`, { method: 'POST', headers, body });
    expect(answer.status).toBe(200);
  }

  async function validate(): Promise<unknown> {
    const answer = await fetch(`${stack.receiverUrl}/validate_chain`);
    return answer.json();
  }

  /** The chain is what was seen before, and more. */
  function expectContinued(chain: ChainBlock[]): void {
    expect(chain.length).toBeGreaterThan(seen.length);
    expect(chain.slice(0, seen.length)).toEqual(seen);
    seen = chain;
  }

  /** For example `5001/tcp 127.0.0.1:5001`. A port that is exposed but not published has no binding. */
  async function publishedPorts(service: string): Promise<string[]> {
    const text = await stack.docker(['inspect', '--format', '{{json .NetworkSettings.Ports}}'], service);
    const ports: Record<string, { HostIp: string; HostPort: string }[] | null> = JSON.parse(text);
    return Object.entries(ports).flatMap(([port, bindings]) =>
      (bindings ?? []).map(({ HostIp, HostPort }) => `${port} ${HostIp}:${HostPort}`),
    );
  }
});

function readingCounts(chain: ChainBlock[]): number[] {
  return chain.flatMap(({ data }) => (typeof data === 'string' ? [] : [data.length]));
}

function isOfFirstDevice({ device }: { device: string }): boolean {
  return device === 'Raspberry Pi 1';
}

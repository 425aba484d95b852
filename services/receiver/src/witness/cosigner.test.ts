// Asking for cosignatures: witnesses that are hostile in every way while readings flow and seal, policies, restarts, shared ledgers.

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Behaviour, type HostileWitness, honest, startHostileWitness } from '../testing/hostile-witness.ts';
import { mustAccept, validateChainOf } from '../testing/post-readings.ts';
import { openStoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';
import { until } from '../testing/until.ts';
import { checkpointAt } from '../testing/watched-checkpoint.ts';

const device = makeDevice();
let readings = 0;

/** Two readings that fill a block; returns when it is sealed, with the least size of the log then. */
async function sealBlock(url: string): Promise<number> {
  const envelopes = [1, 2].map(() => device.envelope(`{"n":${readings++}}`));
  const receipts = await mustAccept(url, `[${envelopes.join(',')}]`, '?wait=sealed');
  expect(receipts.every((receipt) => receipt.block_index !== undefined)).toBe(true);
  return Math.max(...receipts.map((receipt) => receipt.leaf_index)) + 1;
}

async function witnesses(count: number): Promise<HostileWitness[]> {
  const started = await Promise.all(
    Array.from({ length: count }, (_, i) => startHostileWitness(`witness.example/${i}`)),
  );
  onTestFinished(async () => {
    await Promise.all(started.map((witness) => witness.close()));
  });
  return started;
}

async function receiverWith(asked: readonly HostileWitness[], policy: number): Promise<TestReceiver> {
  const WITNESSES = asked.map((witness) => witness.address).join(',');
  const receiver = await startTestReceiver({ variables: { WITNESSES, WITNESS_POLICY: String(policy) } });
  onTestFinished(() => receiver.stop());
  return receiver;
}

const silent: Behaviour = () => undefined;
const flood = 'x'.repeat(65_536);

const hostile: [string, Behaviour][] = [
  ['never answers', silent],
  ['begins an answer and never ends it', ({ response, line }) => response.writeHead(200).write(line().slice(0, 20))],
  [
    'answers without end',
    ({ response }) => {
      response.writeHead(200);
      const pour = () => {
        while (!response.destroyed && response.write(flood));
      };
      response.on('drain', pour);
      pour();
    },
  ],
  ['answers too much', ({ response, line }) => response.end(line().repeat(1_000))],
  ['drops the connection', ({ response }) => response.destroy()],
  [
    'drops it in the middle of an answer',
    ({ response, line }) => {
      response.writeHead(200, { 'content-length': '500' }).write(line());
      response.destroy();
    },
  ],
  ['answers nothing', ({ response }) => response.end()],
  ['answers something else', ({ response }) => response.end('<html>\n')],
  [
    'answers with a cosignature of another text',
    ({ response, line }) => response.end(line({ text: 'another\n1\nx\n' })),
  ],
  [
    'makes another text of the checkpoint and cosigns that',
    ({ body, response, line }) => {
      const checkpoint = body.slice(body.indexOf('\n\n') + 2);
      const more = 'and more\n';
      response.end(`${more}\n${line({ text: `${checkpoint}${more}` })}`);
    },
  ],
  ['answers with a wrong signature', ({ response, line }) => response.end(line().replace(/.{8}\n$/, 'AAAAAA==\n'))],
  ['answers with a cosignature of yesterday', ({ response, line }) => response.end(line({ timeS: now() - 86_400 }))],
  ['answers with a cosignature of tomorrow', ({ response, line }) => response.end(line({ timeS: now() + 86_400 }))],
  ['sends elsewhere', ({ response }) => response.writeHead(307, { location: '/elsewhere' }).end()],
  ['says that it cosigned a larger size', conflict('1000000\n')],
  [
    'says that it cosigned another size each time',
    ({ response }) => conflict(`${Math.floor(Math.random() * 2)}\n`)({ response }),
  ],
  ['says 409 and no size', conflict('many\n')],
  ['says 409 and floods', conflict(flood.repeat(16))],
  ['says 500', ({ response }) => response.writeHead(500).end('x')],
  ['says 404', ({ response }) => response.writeHead(404).end()],
];

function conflict(text: string) {
  return ({ response }: Pick<Parameters<Behaviour>[0], 'response'>) => {
    response.writeHead(409, { 'content-type': 'text/x.tlog.size' }).end(text);
  };
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}

describe('a receiver that needs a cosignature', () => {
  let witness: HostileWitness;
  let receiver: TestReceiver;

  beforeAll(async () => {
    witness = await startHostileWitness('witness.example/hostile');
    receiver = await startTestReceiver({ variables: { WITNESSES: witness.address, WITNESS_POLICY: '1' } });
  });
  afterAll(async () => {
    await receiver.stop();
    await witness.close();
  });

  const look = () => checkpointAt(receiver.url, [witness.key]);
  const untilCosigned = (size: number) =>
    until(`a checkpoint of ${size} leaves is cosigned`, async () => {
      const seen = await look();
      return (seen.size ?? 0) >= size && seen.cosigners.length === 1;
    });

  it('publishes the checkpoint that its witness cosigned', async () => {
    await untilCosigned(await sealBlock(receiver.url));
  });

  it.each(hostile)('seals and only waits with the checkpoint while its witness %s', async (_what, behaviour) => {
    witness.behave(behaviour);
    await untilCosigned(0);
    const refused = await sealBlock(receiver.url);
    await until('the witness was asked for it', () => witness.answeredSize >= refused);
    const size = await sealBlock(receiver.url);
    const seen = await look();
    expect(seen.cosigners).toEqual([witness.key]);
    expect(seen.size).toBeLessThan(refused);
    expect((await validateChainOf(receiver.url)).valid).toBe(true);

    witness.behave(honest);
    await untilCosigned(size);
    expect(witness.mostAtOnce).toBe(1);
  });

  it('goes on from the size that the witness names when it has forgotten its own', async () => {
    const { rows } = await withoutMemory(receiver);
    expect(rows).toBe(1);
    await receiver.restart();
    await untilCosigned(await sealBlock(receiver.url));
  });
});

/** Takes away what the ledger knows of its witness's last cosignature. */
async function withoutMemory(receiver: TestReceiver): Promise<{ rows: number | null }> {
  const stored = await openStoredLedger(receiver);
  const { rowCount } = await stored.pool.query('DELETE FROM witness_cosignatures');
  await stored.close();
  return { rows: rowCount };
}

describe('a policy', () => {
  it('of none publishes at once, and adds cosignatures when they come', async () => {
    const [witness] = await witnesses(1);
    if (!witness) throw new Error('no witness');
    witness.behave(silent);
    const receiver = await receiverWith([witness], 0);
    const size = await sealBlock(receiver.url);
    expect(await checkpointAt(receiver.url, [witness.key])).toEqual({ status: 200, size, cosigners: [] });
    witness.behave(honest);
    await until('the cosignature is there', async () => {
      const seen = await checkpointAt(receiver.url, [witness.key]);
      expect(seen.size).toBe(size);
      return seen.cosigners.length === 1;
    });
  });

  it('of two is met by any two of three, while the third is silent', async () => {
    const asked = await witnesses(3);
    const keys = asked.map((witness) => witness.key);
    const receiver = await receiverWith(asked, 2);
    for (const mute of asked) {
      for (const witness of asked) witness.behave(witness === mute ? silent : honest);
      const size = await sealBlock(receiver.url);
      await until('two cosigned', async () => {
        const seen = await checkpointAt(receiver.url, keys);
        if (seen.status === 200) expect(seen.cosigners.length).toBeGreaterThanOrEqual(2);
        return (seen.size ?? 0) >= size;
      });
    }
  });

  it('that was never met serves no checkpoint and no export, and readings are accepted, sealed and pending', async () => {
    const asked = await witnesses(2);
    asked[1]?.behave(({ response }) => response.writeHead(500).end());
    const receiver = await receiverWith(asked, 2);
    await sealBlock(receiver.url);
    await until('one has cosigned', () => (asked[0]?.requests ?? 0) > 0 && (asked[1]?.requests ?? 0) > 0);
    for (const path of ['/checkpoint', '/v1/export']) {
      const response = await fetch(receiver.url + path);
      expect(response.status).toBe(503);
      expect(response.headers.get('retry-after')).not.toBeNull();
      expect(await response.json()).toMatchObject({ code: 'not-cosigned' });
    }
    expect(await (await fetch(`${receiver.url}/v1/ledger`)).json()).toMatchObject({ head: { log_size: 0 } });
    expect((await validateChainOf(receiver.url)).valid).toBe(true);
  });

  it('is met by all of several of which one is slow on a ledger that never rests', async () => {
    const asked = await witnesses(3);
    const keys = asked.map((witness) => witness.key);
    // Slower than the blocks come: the others must wait with it at one checkpoint.
    asked[1]?.behave(({ behave }) => setTimeout(behave, 1_200));
    const receiver = await receiverWith(asked, 3);
    const sizes = new Set<number>();
    await until('three checkpoints have all cosignatures', async () => {
      await sealBlock(receiver.url);
      const seen = await checkpointAt(receiver.url, keys);
      if (seen.size !== undefined) expect(seen.cosigners).toEqual(keys);
      if (seen.size !== undefined) sizes.add(seen.size);
      return sizes.size >= 3;
    });
  });
});

describe('a cosigned checkpoint', () => {
  it('is served after a restart and by the other receivers of the ledger, without asking again', async () => {
    const [witness] = await witnesses(1);
    if (!witness) throw new Error('no witness');
    const receiver = await receiverWith([witness], 1);
    const size = await sealBlock(receiver.url);
    await until('it is cosigned', async () => (await checkpointAt(receiver.url, [])).size === size);
    witness.behave(silent);
    await receiver.restart();
    expect(await checkpointAt(receiver.url, [witness.key])).toEqual({ status: 200, size, cosigners: [witness.key] });

    const { WITNESSES, WITNESS_POLICY } = { WITNESSES: witness.address, WITNESS_POLICY: '1' };
    const other = await startTestReceiver({ variables: { WITNESSES, WITNESS_POLICY }, beside: receiver });
    onTestFinished(() => other.stop());
    expect(await checkpointAt(other.url, [witness.key])).toMatchObject({ size, cosigners: [witness.key] });
    witness.behave(honest);
    const next = await sealBlock(other.url);
    for (const { url } of [receiver, other]) {
      await until('both serve the next one', async () => (await checkpointAt(url, [witness.key])).size === next);
    }
    expect(witness.mostAtOnce).toBe(1);
  });

  it('does not count once its witness is no longer trusted', async () => {
    const [old, next] = await witnesses(2);
    if (!old || !next) throw new Error('no witness');
    const receiver = await receiverWith([old], 1);
    const size = await sealBlock(receiver.url);
    await until('it is cosigned', async () => (await checkpointAt(receiver.url, [])).size === size);
    next.behave(({ response }) => response.writeHead(500).end());
    await receiver.restart({ WITNESSES: next.address });
    expect((await checkpointAt(receiver.url, [])).status).toBe(503);
    next.behave(honest);
    await until(
      'the new one cosigned',
      async () => (await checkpointAt(receiver.url, [next.key])).cosigners.length === 1,
    );
  });
});

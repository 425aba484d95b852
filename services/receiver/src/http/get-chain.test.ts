// GET /get_chain as liotbchain's users read it: what was signed comes back as it was signed. Its memory use is in test/faults.

import { inTransaction } from '@telltale/database';
import {
  decodeHeader,
  encodeEnrolment,
  encodeLeaf,
  LEAF_KIND,
  leafHash,
  parsePublicKeyPem,
  UNSIGNED,
} from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readBlocks } from '../store/block-store.ts';
import { lockCounter } from '../store/identity-store.ts';
import { appendLeaves } from '../store/leaf-store.ts';
import { mustAccept } from '../testing/post-readings.ts';
import { openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

/** One block a request: each request has two readings, or is sealed with one after a moment. */
const VARIABLES = { TRANSACTIONS_PER_BLOCK: '2', BLOCK_MAX_WAIT_MS: '50' };

/** Texts that another JSON library would not write, or would not even keep. */
const TRICKY = [
  '{"device": "Raspberry Pi 1", "distance": 1e+16, "timestamp": 1717979369.123456}',
  '{"device": "Raspberry Pi 1", "distance": -0.0, "n": 1.0, "big": 123456789012345678901234567890}',
  '{"device": "Raspberry Pi 1", "text": "\\u00e9\\ud83d\\ude00\\/\\u2028 é 😀", "a": [1 , 2,\t3]}',
  '{"device":"Raspberry Pi 1","__proto__":{"x":1},"constructor":null,"e":1E-7,"tiny":5e-324}',
];

const block = z.strictObject({
  timestamp: z.number(),
  index: z.number(),
  // Not taken apart: zod would drop a member named __proto__.
  data: z.union([z.literal('Genesis Block'), z.array(z.unknown())]),
  nonce: z.number(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  'previous hash': z.string().regex(/^[0-9a-f]{64}$/),
  merkle_root: z.string().regex(/^[0-9a-f]{64}$/),
  log_size: z.number(),
  difficulty: z.number(),
});

let receiver: TestReceiver;
let stored: StoredLedger;
const device = makeDevice();

beforeAll(async () => {
  receiver = await startTestReceiver({ variables: VARIABLES });
  stored = await openStoredLedger(receiver);
  await appendFirstUse(stored);
  await stored.untilSealed({ leaves: 1, pending: 0 });
  for (const [i, text] of TRICKY.entries()) {
    await mustAccept(receiver.url, device.envelope(text));
    await stored.untilSealed({ leaves: i + 3, pending: 0 });
  }
  const [one, two] = [5, 6].map((seq) => device.envelope(`{"device":"Raspberry Pi 1","seq":${seq}}`));
  await mustAccept(receiver.url, `[${one},${two}]`);
  await stored.untilSealed({ leaves: TRICKY.length + 4, pending: 0 });
});
afterAll(async () => {
  await stored.close();
  await receiver.stop();
});

async function getChain(): Promise<{ text: string; chain: z.infer<typeof block>[]; contentType: string | null }> {
  const response = await fetch(`${receiver.url}/get_chain`);
  expect(response.status).toBe(200);
  const text = await response.text();
  return { text, chain: z.array(block).parse(JSON.parse(text)), contentType: response.headers.get('content-type') };
}

describe('GET /get_chain', () => {
  it('begins with the genesis block, and links each block to the one before', async () => {
    const { chain, contentType } = await getChain();
    expect(contentType).toMatch(/^application\/json/);
    expect(chain[0]).toMatchObject({ index: 0, data: 'Genesis Block', nonce: 0, log_size: 0, difficulty: 0 });
    expect(chain[0]?.['previous hash']).toBe('0'.repeat(64));
    expect(chain).toHaveLength(TRICKY.length + 3);
    for (const [i, { index, hash }] of chain.entries()) {
      expect(index).toBe(i);
      if (i + 1 < chain.length) expect(chain[i + 1]?.['previous hash']).toBe(hash);
      if (i > 0) expect(hash.startsWith('0')).toBe(true);
    }
  });

  it('gives the data as it was parsed from what was signed, without the registry leaves', async () => {
    const { chain } = await getChain();
    expect(chain.slice(2, -1).map(({ data }) => data)).toEqual(TRICKY.map((text) => [JSON.parse(text)]));
    expect(chain.at(-1)?.data).toEqual([
      { device: 'Raspberry Pi 1', seq: 5 },
      { device: 'Raspberry Pi 1', seq: 6 },
    ]);
  });

  it('splices each message in byte for byte', async () => {
    const { text } = await getChain();
    for (const message of TRICKY) expect(text).toContain(`"data":[${message}],"nonce":`);
  });

  it('gives hashes, roots and nonces of the stored headers, and timestamps to the last microsecond', async () => {
    const { text, chain } = await getChain();
    for await (const { header: bytes, hash } of readBlocks(stored.pool, { start: 0, end: 100 })) {
      const decoded = decodeHeader(bytes);
      if (!decoded.ok) throw new Error(decoded.message);
      const header = decoded.value;
      const shown = chain[header.index];
      expect(shown).toMatchObject({
        hash: Buffer.from(hash).toString('hex'),
        merkle_root: Buffer.from(header.logRoot).toString('hex'),
        nonce: Number(header.nonce),
        log_size: header.logSize,
        difficulty: header.difficultyBits / 4,
      });
      const micros = String(header.timestampUs);
      const seconds = new RegExp(`"timestamp":${micros.slice(0, -6)}\\.(\\d{1,6}),"index":${header.index},`).exec(text);
      expect(seconds?.[1]?.padEnd(6, '0')).toBe(micros.slice(-6));
    }
  });

  it('shows a block of registry leaves alone as an empty array', async () => {
    const { chain } = await getChain();
    expect(chain[1]).toMatchObject({ data: [], log_size: 1 });
    expect((await stored.validate()).fault).toBeUndefined();
  });
});

/**
 * A registry leaf without a reading. The open mode writes a first use together with its reading, so that only enrolment makes a block of
 * registry leaves alone; here the leaf is appended as enrolment would do it, accepted six seconds ago so that it is due at once.
 */
async function appendFirstUse({ pool }: StoredLedger): Promise<void> {
  const key = parsePublicKeyPem(makeDevice().pem);
  if (!key.ok) throw new Error(key.message);
  const devices = ['Raspberry Pi 7'];
  await inTransaction(pool, { isolation: 'read committed' }, async (client) => {
    const counter = await lockCounter(client);
    const { lastReceivedAtUs, nextLeafIndex: leafIndex, registryVersion } = counter;
    const receivedAtUs = Math.max(lastReceivedAtUs, (Date.now() - 6_000) * 1_000);
    const leaf = encodeLeaf({
      kind: LEAF_KIND.keyEnrolled,
      algorithm: UNSIGNED,
      receivedAtUs,
      keyId: key.value.keyId,
      signature: new Uint8Array(0),
      message: encodeEnrolment({ authority: 'first-use', key: key.value, devices }),
    });
    await appendLeaves(client, {
      leaves: [{ leafIndex, leaf, transactionId: leafHash(leaf), leafHash: leafHash(leaf), receivedAtUs }],
      enrolments: [{ keyId: key.value.keyId, publicKey: key.value.spki, devices, leafIndex }],
      revocations: [],
      counter: {
        nextLeafIndex: leafIndex + 1,
        lastReceivedAtUs: receivedAtUs,
        registryVersion: registryVersion + 1n,
      },
    });
  });
}

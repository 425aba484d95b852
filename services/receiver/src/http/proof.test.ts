// Proofs as a stranger takes them from a running receiver and checks them with the ledger's key alone, of readings and of registry leaves.

import { checkProof, leafHash, type Proof, parseProof, proofFromJson, toHex } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mustAccept } from '../testing/post-readings.ts';
import { checkpointOf, type SealedLog, startSealedLog } from '../testing/sealed-log.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver } from '../testing/test-receiver.ts';

let log: SealedLog;
beforeAll(async () => {
  log = await startSealedLog(640);
});
afterAll(() => log.stop());

const page = z.object({ readings: z.array(z.looseObject({ transaction_id: z.string(), proof: z.unknown() })) });

async function proofText(transactionId: string): Promise<string> {
  const response = await fetch(`${log.receiver.url}/v1/readings/${transactionId}/proof`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  return response.text();
}

async function mustCheck(proof: Proof) {
  const checked = await checkProof({ proof, verifier: log.verifier });
  if (!checked.ok) throw new Error(checked.message);
  return checked.value;
}

describe('a proof', () => {
  it('of each reading, taken a page at a time, checks against the checkpoint that is served', async () => {
    const { note, checkpoint } = await checkpointOf(log);
    const proved: string[] = [];
    let next: string | undefined = '/v1/readings?proof=1&limit=97';
    while (next !== undefined) {
      const response: Response = await fetch(`${log.receiver.url}${next}`);
      for (const { transaction_id: id, proof: json } of page.parse(await response.json()).readings) {
        const proof = proofFromJson(json);
        if (!proof.ok) throw new Error(proof.message);
        const checked = await mustCheck(proof.value);
        expect(toHex(checked.transactionId)).toBe(id);
        expect(proof.value.checkpoint).toBe(note);
        expect(checked.checkpoint).toEqual(checkpoint);
        expect(checked.reading?.device).toBeDefined();
        proved.push(id);
      }
      next = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect(new Set(proved).size).toBe(log.receipts.length + 1);
    expect(proved).toEqual(expect.arrayContaining(log.receipts.map((receipt) => receipt.transaction_id)));
  });

  it('of any leaf, taken alone as tlog-proof text, checks: registry leaves too', async () => {
    const { rows } = await log.stored.pool.query<{ id: string; leaf_index: bigint }>(
      `SELECT encode(transaction_id, 'hex') AS id, leaf_index FROM transactions JOIN leaves USING (leaf_index)
        WHERE get_byte(leaf, 0) > 1 OR leaf_index % 60 = 0 OR leaf_index BETWEEN 508 AND 516 ORDER BY leaf_index`,
    );
    const kinds = new Set<number>();
    for (const row of rows) {
      const proof = parseProof(await proofText(row.id));
      if (!proof.ok) throw new Error(proof.message);
      const checked = await mustCheck(proof.value);
      expect(checked).toMatchObject({ leafIndex: Number(row.leaf_index) });
      expect(toHex(checked.transactionId)).toBe(row.id);
      expect(toHex(checked.leafHash)).toBe(toHex(leafHash(log.leaves[checked.leafIndex] ?? new Uint8Array(0))));
      kinds.add(checked.leaf.kind);
    }
    expect([...kinds].sort()).toEqual([1, 2, 3]);
  });

  it('is JSON where that is asked for, and the same proof', async () => {
    const id = log.receipts[300]?.transaction_id ?? '';
    const url = `${log.receiver.url}/v1/readings/${id}/proof`;
    const text = parseProof(await proofText(id));
    for (const response of [
      await fetch(url, { headers: { accept: 'application/json' } }),
      await fetch(`${url}?format=json`),
    ]) {
      expect(response.headers.get('content-type')).toMatch(/^application\/json/);
      expect(response.headers.get('vary')).toBe('accept');
      const json = proofFromJson(await response.json());
      expect(json).toEqual(text);
    }
    const forced = await fetch(`${url}?format=text`, { headers: { accept: 'application/json' } });
    expect(forced.headers.get('content-type')).toMatch(/^text\/plain/);
  });

  it('of a leaf that was altered in the database does not check', async () => {
    const index = log.receipts[400]?.leaf_index ?? 0;
    const flip = `UPDATE leaves SET leaf = set_byte(leaf, octet_length(leaf) - 1, get_byte(leaf, octet_length(leaf) - 1) # 1) WHERE leaf_index = ${index}`;
    await log.stored.pool.query(flip);
    try {
      const proof = parseProof(await proofText(log.receipts[400]?.transaction_id ?? ''));
      if (!proof.ok) throw new Error(proof.message);
      expect(await checkProof({ proof: proof.value, verifier: log.verifier })).toMatchObject({
        ok: false,
        code: 'proof-inclusion',
      });
    } finally {
      await log.stored.pool.query(flip);
    }
  });
});

describe('no proof', () => {
  it('is given of an unknown transaction: 404', async () => {
    const response = await fetch(`${log.receiver.url}/v1/readings/${'ab'.repeat(32)}/proof`);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(await response.json()).toMatchObject({ status: 404, code: 'reading-not-found' });
  });

  it.each(['ab', 'AB'.repeat(32), 'zz'.repeat(32)])('is given of %s, which is no transaction id: 400', async (id) => {
    expect((await fetch(`${log.receiver.url}/v1/readings/${id}/proof`)).status).toBe(400);
  });

  it('is given while the reading is pending: 409, with when to ask again', async () => {
    const receiver = await startTestReceiver({ variables: { BLOCK_MAX_WAIT_MS: '0' } });
    try {
      const [receipt] = await mustAccept(receiver.url, makeDevice().envelope('{"device":"slow"}'));
      const url = `${receiver.url}/v1/readings/${receipt?.transaction_id}`;
      const response = await fetch(`${url}/proof`);
      expect(response.status).toBe(409);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await response.json()).toMatchObject({ status: 409, code: 'pending' });
      expect(await (await fetch(url)).json()).toMatchObject({ state: 'pending', block_index: null, sealed_at: null });
      const listed = await (await fetch(`${receiver.url}/v1/readings?proof=1`)).json();
      expect(listed).toMatchObject({ readings: [{ transaction_id: receipt?.transaction_id, proof: null }] });
    } finally {
      await receiver.stop();
    }
  });
});

// "Verify in this browser": the whole chain, files that were kept, and a byte that somebody changed in the database.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser } from '../browser.ts';
import { type ExploredReceiver, exploreReceiver, type OpenPage } from './explored-receiver.ts';

/** Each step waits for the page, on a machine that is busy. */
const TIMEOUT_MS = 180_000;

describe.skipIf(!hasBrowser)('verifying in the browser (needs a system Chromium)', { timeout: TIMEOUT_MS }, () => {
  let explored: ExploredReceiver;
  let open: OpenPage;
  beforeAll(async () => {
    explored = await exploreReceiver();
    open = await explored.open();
    await open.go('#/verify', 'Verify');
  });
  afterAll(() => explored?.close());

  const textOf = async (path: string) => (await fetch(`${explored.receiver.url}${path}`)).text();
  const proofPath = () => `/v1/readings/${explored.receipts[2]?.transaction_id}/proof`;

  async function verifyChain(): Promise<string> {
    await open.page.getByRole('button', { name: 'Verify in this browser' }).click();
    return verdict();
  }
  async function check(name: string, content: string): Promise<string> {
    await open.page
      .getByLabel('An export or a proof')
      .setInputFiles({ name, mimeType: '', buffer: Buffer.from(content) });
    return verdict();
  }
  async function verdict(): Promise<string> {
    const { page } = open;
    await page.locator('progress').waitFor({ state: 'detached' });
    return (await page.locator('.notice').textContent()) ?? '';
  }
  /** Flips the lowest bit of the last byte but two of a leaf: of a digit of the reading. */
  const flip = (leafIndex: number | undefined) =>
    explored.ledger.pool.query(
      'UPDATE leaves SET leaf = set_byte(leaf, octet_length(leaf) - 3, get_byte(leaf, octet_length(leaf) - 3) # 1) WHERE leaf_index = $1',
      [leafIndex],
    );

  it('finds a chain sound, and says that only its own key says so', async () => {
    expect(await verifyChain()).toMatch(/^Sound\. 3 blocks and 8 readings .* It fits the key that it brought itself/);
    expect(await open.page.locator('.notice.good').count()).toBe(1);
  });

  it('turns red for one digit that was changed in the database, and names the block and the reading', async () => {
    const receipt = explored.receipts[3];
    expect((await flip(receipt?.leaf_index)).rowCount).toBe(1);
    const text = await verifyChain();
    const { page } = open;
    await page.getByText(`leaf ${receipt?.leaf_index} of Pump 1`).waitFor();
    expect(text).toMatch(/^Not sound\. The device’s signature is wrong\./);
    expect(await page.locator('.notice.bad').textContent()).toContain(
      `In block ${receipt?.block_index}, reading at leaf`,
    );
    expect(await page.locator('.notice.good').count()).toBe(0);
    await page.getByRole('link', { name: `block ${receipt?.block_index}`, exact: true }).click();
    await page.getByRole('heading', { level: 1, name: `Block ${receipt?.block_index}` }).waitFor();
    await flip(receipt?.leaf_index);
    await open.go('#/verify', 'Verify');
    expect(await verifyChain()).toMatch(/^Sound/);
  });

  it('believes the key that somebody gives, and no other', async () => {
    const { page } = open;
    const { verifier_key: key } = JSON.parse(await textOf('/v1/ledger'));
    const field = page.getByLabel('Verifier key that you trust');
    await field.fill(key);
    expect(await verifyChain()).toContain('It is by the key that you gave.');
    expect(await check('proof.tlog-proof', await textOf(proofPath()))).toContain('It is by the key that you gave.');
    await field.fill('another+8d02ab70+AcoVwSbrfBbX7SrBdXzNnVvOSYZ2Oq2Q9pQ2rG7yK7gG');
    expect(await verifyChain()).toMatch(/^No verdict: the verifier key cannot be read/);
    await field.fill('');
  });

  it('checks files with no connection: an export and a proof hold, and neither does with one character changed', async () => {
    const [text, exported] = [await textOf(`${proofPath()}?format=text`), await textOf('/v1/export')];
    const json = await textOf(`${proofPath()}?format=json`);
    const { page } = open;
    await page.context().setOffline(true);
    expect(await check('proof.tlog-proof', text)).toMatch(/^The proof holds\./);
    expect(await page.locator('dl').textContent()).toContain('"seq":2');
    expect(await check('proof.json', json)).toMatch(/^The proof holds\./);
    expect(await check('ledger.jsonl', exported)).toMatch(/^Sound\. 3 blocks and 8 readings/);
    const at = text.indexOf('extra ') + 100;
    const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
    expect(await check('proof.tlog-proof', changed)).toMatch(/^The proof does not hold:/);
    const lines = exported.split('\n');
    const cut = lines.toSpliced(2, 1).join('\n');
    expect(await check('ledger.jsonl', cut)).toMatch(/^Not sound\..*In block 1\.$/s);
    expect(await check('photo.txt', 'no proof at all')).toMatch(/^No verdict: the file is neither/);
    await page.context().setOffline(false);
  });

  it('asks nobody else, and breaks nothing of its policy', () => {
    // The browser says that the connection is gone while it is.
    expect(open.complaints.filter((line) => !line.includes('ERR_INTERNET_DISCONNECTED'))).toEqual([]);
    expect(open.addresses.filter((address) => !address.startsWith(`${explored.receiver.url}/`))).toEqual([]);
  });
});

// Both services as Things: their Thing Descriptions by W3C's own schema, and a client of the Web of Things (node-wot) that knows nothing else
// of them. Real processes, a real database.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { HttpClientFactory } from '@node-wot/binding-http';
import { ConsumedThing, Servient } from '@node-wot/core';
import { createTestDatabase } from '@telltale/database/testing';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { z } from 'zod';
import { spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { spawnSender } from '../../services/sender/src/testing/sender-process.ts';
import { temporaryFolders } from '../../services/sender/src/testing/temporary-folder.ts';

// While it is loaded, node-wot warns of a format in the schema that it brings along, once for each use.
const quiet = vi.hoisted(() => vi.spyOn(console, 'warn').mockReturnValue(undefined));

/** What every answer is awaited for, sealing included. */
const WAIT = { timeout: 30_000, interval: 20 };
const READINGS = 4;
const TD_1_1 = 'https://www.w3.org/2022/wot/td/v1.1';

/** The official schema of TD 1.1, as W3C's types for it ship it (validation/td-json-schema-validation.json of w3c/wot-thing-description). */
const OFFICIAL_SCHEMA = [
  '@node-wot/core',
  '@thingweb/thing-model',
  'wot-typescript-definitions/package.json',
  'wot-thing-description-types/schema/td-json-schema-validation.json',
].reduce((from, name) => createRequire(from).resolve(name), import.meta.filename);
const officialSchema: unknown = JSON.parse(readFileSync(OFFICIAL_SCHEMA, 'utf8'));

const schema = z.record(z.string(), z.unknown());
const affordance = schema.and(z.object({ forms: z.array(z.object({ href: z.string() })).min(1) }));
const thingShape = z.looseObject({
  id: z.string(),
  base: z.string(),
  properties: z.record(z.string(), affordance),
  actions: z.record(z.string(), z.looseObject({ output: schema })),
  events: z.record(z.string(), z.looseObject({ data: schema })).default({}),
  schemaDefinitions: z.record(z.string(), schema),
  links: z.array(z.object({ href: z.string() })),
});
type ThingShape = z.infer<typeof thingShape>;
type Services = 'receiver' | 'sender';

const ajv = formats.default(new Ajv({ strict: false, addUsedSchema: false }));
/** Why a value does not fit, or `fits`. */
function faultsOf(value: unknown, of: unknown): string {
  const validate = ajv.compile(schema.parse(of));
  return validate(value) ? 'fits' : ajv.errorsText(validate.errors);
}

const newFolder = temporaryFolders();
const ends: (() => unknown)[] = [];
const urls = { receiver: '', sender: '' };
const things = new Map<Services, { description: ThingShape; consumed: ConsumedThing }>();

beforeAll(async () => {
  quiet.mockRestore();
  const database = await createTestDatabase(inject('testServer'));
  ends.push(() => database.drop());
  const variables = { DATABASE_URL: database.url, BLOCK_MAX_WAIT_MS: '50' };
  const receiver = await spawnReceiver({ cwd: newFolder(), variables });
  ends.push(() => receiver.stop());
  const sender = await spawnSender({ cwd: newFolder(), env: { RECEIVER_URL: receiver.url } });
  ends.push(() => sender.child.kill('SIGKILL'));
  Object.assign(urls, { receiver: receiver.url, sender: sender.url });

  const servient = new Servient();
  servient.addClientFactory(new HttpClientFactory());
  const wot = await servient.start();
  ends.push(() => servient.shutdown());
  for (const name of ['receiver', 'sender'] as const) {
    const found = await wot.requestThingDescription(`${urls[name]}/.well-known/wot`);
    const consumed = await wot.consume(found);
    if (!(consumed instanceof ConsumedThing)) throw new Error('node-wot consumed something else');
    things.set(name, { description: thingShape.parse(found), consumed });
  }
});
afterAll(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function thing(name: Services) {
  const found = things.get(name);
  if (!found) throw new Error(`${name} is not consumed`);
  return found;
}

/** What a property says; it must be what its schema says. */
async function read(name: Services, property: string, uriVariables: Record<string, unknown> = {}): Promise<unknown> {
  const { description, consumed } = thing(name);
  const value: unknown = await (await consumed.readProperty(property, { uriVariables })).value();
  expect(`${property}: ${faultsOf(value, description.properties[property])}`).toBe(`${property}: fits`);
  return value;
}

async function invoke(
  name: Services,
  how: { action: string; input?: object; uriVariables?: object },
): Promise<unknown> {
  const { description, consumed } = thing(name);
  const { action, input, uriVariables = {} } = how;
  const output = await consumed.invokeAction(action, input && JSON.parse(JSON.stringify(input)), { uriVariables });
  const value: unknown = await output?.value();
  expect(`${action}: ${faultsOf(value, description.actions[action]?.output)}`).toBe(`${action}: fits`);
  return value;
}

const get = (name: Services, headers: Record<string, string> = {}) =>
  fetch(`${urls[name]}/.well-known/wot`, { headers });

describe.each(['receiver', 'sender'] as const)('the Thing Description of the %s', (name) => {
  it('is valid by the official schema of Thing Description 1.1', async () => {
    const answer = await get(name);
    expect(answer.headers.get('content-type')).toMatch(/^application\/td\+json(;|$)/);
    const described: unknown = await answer.json();
    expect(described).toMatchObject({ '@context': [expect.any(String), TD_1_1], base: urls[name] });
    expect(officialSchema).toMatchObject({ version: '1.1-12-March-2025' });
    expect(faultsOf(described, officialSchema)).toBe('fits');
    expect(faultsOf({ ...thingShape.parse(described), properties: { odd: {} } }, officialSchema)).not.toBe('fits');
  });

  it('leads back to where it was reached, and says when it is known already', async () => {
    const answer = await get(name, { 'x-forwarded-proto': 'https' });
    const etag = answer.headers.get('etag') ?? '';
    expect(thingShape.parse(await answer.json()).base).toBe(urls[name].replace('http:', 'https:'));
    expect((await get(name, { 'x-forwarded-proto': 'https', 'if-none-match': etag })).status).toBe(304);
    expect((await get(name, { 'if-none-match': etag })).status).toBe(200);
  });

  it('names documents that are there, and schemas that refuse something', async () => {
    const { links, properties, actions, events, schemaDefinitions } = thing(name).description;
    for (const { href } of links) expect((await fetch(new URL(href, urls[name]))).status).toBe(200);
    const outputs = Object.values(actions).map(({ output }) => output);
    const data = Object.values(events).map((event) => event.data);
    const all = [...Object.values(properties), ...outputs, ...data, ...Object.values(schemaDefinitions)];
    for (const one of all) expect(faultsOf(null, one)).not.toBe('fits');
  });
});

describe('a client of the Web of Things', () => {
  /** Of a reading that the sender has sent. */
  let transactionId: string;

  it('lets the sender send, and hears of the block that seals what it sent', async () => {
    const blocks: unknown[] = [];
    const { description, consumed } = thing('receiver');
    const subscription = await consumed.subscribeEvent('blockSealed', async (output) => {
      blocks.push(await output.value());
    });
    const input = { number_of_items_to_send: READINGS, interval_time: 86_400 };
    expect(await invoke('sender', { action: 'startSending', input })).toMatchObject({ status: 'success' });
    const sealed = () =>
      blocks.map((one) => z.looseObject({ readings: z.number() }).parse(one).readings).reduce((sum, n) => sum + n, 0);
    await expect.poll(sealed, WAIT).toBe(READINGS);
    for (const block of blocks) expect(faultsOf(block, description.events['blockSealed']?.data)).toBe('fits');
    await subscription.stop();
    await expect.poll(() => read('sender', 'status'), WAIT).toMatchObject({ delivered: READINGS });
  });

  it('reads every property of the receiver, with the parameters that it describes', async () => {
    const { description } = thing('receiver');
    const { devices } = z
      .object({ devices: z.array(z.looseObject({ device: z.string() })).min(1) })
      .parse(await read('receiver', 'devices'));
    const device = devices[0]?.device;
    const { readings } = z
      .object({ readings: z.array(z.looseObject({ transaction_id: z.string(), block_index: z.number() })).min(1) })
      .parse(await read('receiver', 'readings', { device }));
    const [first] = readings;
    transactionId = first?.transaction_id ?? '';
    const block = await read('receiver', 'block', { block_index: first?.block_index });
    expect(block).toMatchObject({ block_index: first?.block_index });
    expect(await read('receiver', 'reading', { transaction_id: transactionId })).toMatchObject({ state: 'sealed' });
    expect(await read('receiver', 'device', { device })).toMatchObject({ device });
    expect(await read('receiver', 'blocks', { before: 1 })).toMatchObject({ blocks: [{ block_index: 0 }] });
    expect(await read('receiver', 'chain')).toContainEqual(expect.objectContaining({ data: 'Genesis Block' }));
    const { key_id, origin } = z
      .looseObject({ key_id: z.string(), origin: z.string() })
      .parse(await read('receiver', 'ledger'));
    expect(await read('receiver', 'checkpoint')).toMatch(new RegExp(`^${origin}\\n`));
    expect(description.id).toBe(`ni:///sha-256;${Buffer.from(key_id, 'hex').toString('base64url')}`);
    const asked = ['block', 'blocks', 'chain', 'checkpoint', 'device', 'devices', 'ledger', 'reading', 'readings'];
    expect(Object.keys(description.properties).toSorted()).toEqual(asked);
  });

  it('reads every property of the sender', async () => {
    expect(await read('sender', 'receipt', { transaction_id: transactionId })).toMatchObject({
      transaction_id: transactionId,
    });
    expect(await read('sender', 'deadLetters')).toEqual([]);
    const { key } = z.looseObject({ key: z.object({ id: z.string() }) }).parse(await read('sender', 'status'));
    const { id, properties } = thing('sender').description;
    expect(id).toBe(`ni:///sha-256;${Buffer.from(key.id, 'hex').toString('base64url')}`);
    expect(Object.keys(properties).toSorted()).toEqual(['deadLetters', 'receipt', 'status']);
  });

  it('stops the sender, and has nothing to send again', async () => {
    expect(await invoke('sender', { action: 'stopSending' })).toMatchObject({ message: 'Stopped sending' });
    expect(await read('sender', 'status')).toMatchObject({ schedule: null });
    expect(await invoke('sender', { action: 'retryDeadLetters' })).toEqual({ retried: 0 });
    expect(Object.keys(thing('sender').description.actions)).toHaveLength(3);
  });

  it('gives the receiver a reading of its own, and lets it validate the chain', async () => {
    const envelope: unknown = JSON.parse(makeDevice().envelope('{"device":"a client","celsius":4}'));
    const given = await invoke('receiver', {
      action: 'receiveData',
      input: [envelope],
      uriVariables: { wait: 'sealed' },
    });
    expect(given).toMatchObject({ receipts: [{ position: 0, block_index: expect.any(Number) }] });
    expect(await invoke('receiver', { action: 'validateChain' })).toMatchObject({
      valid: true,
      readings: READINGS + 1,
    });
    expect(Object.keys(thing('receiver').description.actions)).toHaveLength(2);
  });

  it('is refused in the words that the Thing Descriptions announce', async () => {
    const refusals = [
      { name: 'receiver', path: `/v1/readings/${'0'.repeat(64)}`, error: 'problem' },
      { name: 'receiver', path: '/receive_data', init: { method: 'POST' }, error: 'error' },
      { name: 'sender', path: '/v1/dead-letters?before=0', error: 'problem' },
      { name: 'sender', path: '/start_sending', init: { method: 'POST', body: '?' }, error: 'failure' },
    ] as const;
    for (const { name, path, error, ...more } of refusals) {
      const answer = await fetch(`${urls[name]}${path}`, 'init' in more ? more.init : {});
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(faultsOf(await answer.json(), thing(name).description.schemaDefinitions[error])).toBe('fits');
    }
  });
});

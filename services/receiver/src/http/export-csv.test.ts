// The export as CSV from a running receiver: what its cells say, which readings it has, and what it does not go together with.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept } from '../testing/post-readings.ts';
import { type SealedLog, startSealedLog } from '../testing/sealed-log.ts';
import { makeDevice } from '../testing/test-device.ts';

const HEADER = 'transaction_id,leaf_index,block_index,device,seq,device_time,received_at,sealed_at,key_id,data';
const TIME = /^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

let log: SealedLog;
beforeAll(async () => {
  // More than a page of readings.
  log = await startSealedLog(600);
});
afterAll(() => log.stop());

async function download(query = ''): Promise<string> {
  const response = await fetch(`${log.receiver.url}/v1/export?format=csv${query}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="readings.csv"');
  return response.text();
}

/** Cells of the lines behind the header, by RFC 4180. None of these readings holds a line break. */
async function rowsOf(query = ''): Promise<string[][]> {
  const [header, ...lines] = (await download(query)).split('\r\n');
  expect(header).toBe(HEADER);
  expect(lines.pop()).toBe('');
  return lines.map((line) =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
      (cell) => cell[1]?.replaceAll('""', '"') ?? cell[2] ?? '',
    ),
  );
}

describe('GET /v1/export?format=csv', () => {
  it('has a line for each published reading, in the order of the log, and none for the registry', async () => {
    const rows = await rowsOf();
    const indexes = rows.map((row) => Number(row[1]));
    expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
    expect(indexes).toEqual(expect.arrayContaining(log.receipts.map((receipt) => receipt.leaf_index)));
    expect(indexes.length).toBeLessThan(log.leaves.length);
  });

  it('says what was signed, byte for byte, and when it was measured, received and sealed', async () => {
    const row = (await rowsOf()).find((cells) => cells[4] === '1');
    expect(row).toMatchObject({
      0: log.receipts[1]?.transaction_id,
      3: 'pump 1 é',
      5: '2023-11-14T22:13:21.500000Z',
      6: expect.stringMatching(TIME),
      7: expect.stringMatching(TIME),
      9: '{"device":"pump 1 é","seq": 1, "timestamp":1700000001.5}',
    });
    const { received_at: receivedAtUs = 0 } = log.receipts[1] ?? {};
    expect(new Date(row?.[6] ?? '').getTime()).toBe(Math.floor(receivedAtUs / 1000));
  });

  it('is filtered by device and by received time', async () => {
    const device = encodeURIComponent('pump 2 é');
    const rows = await rowsOf(`&device=${device}`);
    expect(rows.length).toBe(200);
    expect(new Set(rows.map((row) => row[3]))).toEqual(new Set(['pump 2 é']));
    const middle = log.receipts[300]?.received_at ?? 0;
    const early = await rowsOf(`&device=${device}&to=${middle}`);
    const late = await rowsOf(`&device=${device}&from=${middle}`);
    expect(early.length).toBeGreaterThan(0);
    expect([...early, ...late]).toEqual(rows);
    expect(await rowsOf(`&from=${middle}&to=${middle}`)).toEqual([]);
  });

  it('is the header alone for a device that never spoke', async () => {
    expect(await download('&device=nobody')).toBe(`${HEADER}\r\n`);
  });

  it('gives a spreadsheet no formula to run, and no cell that ends early', async () => {
    const names = ['=1+1', '+1', '-1', '@SUM(A1)', 'a, "b"', 'c'];
    const device = makeDevice();
    const envelopes = names.map((name) => device.envelope(JSON.stringify({ device: name })));
    const receipts = await mustAccept(log.receiver.url, `[${envelopes.join(',')}]`, '?wait=sealed');
    const rows = await rowsOf(`&from=${receipts[0]?.received_at}`);
    expect(rows.map((row) => row[3])).toEqual(["'=1+1", "'+1", "'-1", "'@SUM(A1)", 'a, "b"', 'c']);
    expect(rows.map((row) => row[9])).toEqual(names.map((name) => JSON.stringify({ device: name })));
  });

  it.each(['&from_block=1', '&limit=1&from=x'])('does not go together with %s', async (query) => {
    const response = await fetch(`${log.receiver.url}/v1/export?format=csv${query}`);
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'request-invalid' }]);
  });
});

describe('GET /v1/export as JSON Lines', () => {
  it.each(['device=a', 'from=1', 'to=1'])('is never filtered: %s is refused', async (query) => {
    const response = await fetch(`${log.receiver.url}/v1/export?${query}`);
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'request-invalid' }]);
  });
});

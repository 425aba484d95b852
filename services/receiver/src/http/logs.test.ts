// What the receiver's log says of requests at its most talkative: never what was signed, nor a key, nor a signature.

import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openLedgerRows } from '../testing/ledger-rows.ts';
import { mustAccept, postReadings } from '../testing/post-readings.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver } from '../testing/test-receiver.ts';

describe('the log', () => {
  it('tells of a request that failed, and nothing of what any request held', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'trace' }, { write: (line) => void lines.push(line) });
    const receiver = await startTestReceiver({ log, variables: { LOG_LEVEL: 'trace', BLOCK_MAX_WAIT_MS: '50' } });
    onTestFinished(() => receiver.stop());
    const rows = openLedgerRows(receiver);
    onTestFinished(() => rows.close());
    // PostgreSQL puts the whole row that it refuses into the error's detail.
    await rows.pool.query(`ALTER TABLE leaves ADD CHECK (position('refused'::bytea IN leaf) = 0)`);

    const device = makeDevice();
    const texts = ['accepted', 'refused'].map((name) => `{"device":"private-device","name":"private-${name}"}`);
    const [accepted = '', refused = ''] = texts.map(device.envelope);
    await mustAccept(receiver.url, accepted, '?wait=sealed');
    expect((await postReadings(receiver.url, refused)).statusCode).toBe(503);
    expect((await postReadings(receiver.url, accepted.replace('private', 'Private'))).statusCode).toBe(400);
    expect((await postReadings(receiver.url, `${accepted}x`)).statusCode).toBe(400);

    const log503 = lines.find((line) => line.includes('request refused for now'));
    expect(JSON.parse(log503 ?? '{}')).toMatchObject({ level: 40, code: 'not-stored', err: { type: 'ReceiverError' } });
    const written = lines.join('').toLowerCase();
    const secrets = [
      'private-',
      Buffer.from('private-').toString('hex'),
      device.pem.split('\n')[1]?.toLowerCase() ?? 'no PEM',
      'begin public key',
      JSON.parse(accepted).signature.toLowerCase(),
    ];
    for (const secret of secrets) expect(written).not.toContain(secret);
  });
});

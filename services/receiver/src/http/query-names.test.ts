// A query that nobody understands is refused: a mistyped filter must not be answered as if there were none.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestReceiver } from '../testing/test-receiver.ts';

describe('a query with a name that its path does not have', () => {
  let receiver: Awaited<ReturnType<typeof startTestReceiver>>;
  beforeAll(async () => {
    receiver = await startTestReceiver();
  });
  afterAll(() => receiver.stop());

  it.each([
    '/v1/readings?devcie=pump',
    '/v1/devices?limt=3',
    '/v1/blocks?befor=2',
    '/v1/export?format=csv&devcie=pump',
    '/v1/consistency?from=0&too=1',
    '/v1/events?last_event=3',
    `/v1/readings/${'0'.repeat(64)}/proof?form=text`,
  ])('is refused: GET %s', async (path) => {
    const answer = await fetch(`${receiver.url}${path}`);
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ code: 'request-invalid' })]);
  });

  it('is refused: POST /receive_data?akc=quorum, whose readings would have no copy anywhere', async () => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${receiver.url}/receive_data?akc=quorum`, { method: 'POST', headers, body: '[]' });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('akc');
  });
});

// Lists of several pages, from a server that names the next one as the receiver does.

import { expect, it } from 'vitest';
import { createClient } from './client.ts';
import { pagesOf } from './pages-of.ts';
import { startTestServer } from './testing/test-server.ts';

/** The pages that are asked for from a server whose page at a query names the next by this Link. */
async function readPages(links: Record<string, string>) {
  const asked: string[] = [];
  const url = await startTestServer((request, response) => {
    const query = request.url?.split('?')[1] ?? '';
    asked.push(query);
    const link = links[query];
    response.writeHead(200, { 'content-type': 'application/json', ...(link !== undefined && { link }) });
    response.end(JSON.stringify({ devices: [{ device: query }] }));
  });
  const client = createClient(url, { timeoutMs: 30_000, maxAnswerBytes: 10_000 });
  const pages: string[] = [];
  const all = pagesOf((next) => client.GET('/v1/devices', { params: { query: { limit: 1 } }, ...next }));
  for await (const { devices } of all) pages.push(...devices.map(({ device }) => device));
  return { asked, pages };
}

it('are read along rel="next", to the last one', async () => {
  const { asked, pages } = await readPages({
    'limit=1': '</v1/devices?limit=1&after=a%20b>; rel="next"',
    'limit=1&after=a%20b': '</v1/devices>; rel="first", <http://elsewhere/v1/devices?limit=1&after=c>; rel=next',
    'limit=1&after=c': '</v1/devices?limit=1>; rel="prev"',
  });
  expect(pages).toEqual(['limit=1', 'limit=1&after=a%20b', 'limit=1&after=c']);
  expect(asked).toEqual(pages);
});

it('end where a page names itself as the next', async () => {
  const again = '</v1/devices?after=a>; rel="next"';
  await expect(readPages({ 'limit=1': again, 'after=a': again })).rejects.toMatchObject({ code: 'answer-malformed' });
});

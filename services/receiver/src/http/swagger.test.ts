// The Swagger UI and the OpenAPI document, as a browser gets them, and the example that somebody sends as it stands.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { postReadings } from '../testing/post-readings.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

const documentShape = z.object({
  openapi: z.string(),
  paths: z.looseObject({
    '/receive_data': z.object({
      post: z.object({
        parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })),
        requestBody: z.object({
          content: z.object({ 'application/json': z.object({ example: z.unknown() }) }),
        }),
        responses: z.record(z.string(), z.unknown()),
      }),
    }),
  }),
});

let receiver: TestReceiver;
beforeAll(async () => {
  receiver = await startTestReceiver();
});
afterAll(() => receiver.stop());

/** The example request as Swagger UI prints it. */
async function printedExample(): Promise<string> {
  const { requestBody } = (await loadDocument()).paths['/receive_data'].post;
  return JSON.stringify(requestBody.content['application/json'].example, null, 2);
}

async function loadDocument(): Promise<z.infer<typeof documentShape>> {
  return documentShape.parse(await (await fetch(`${receiver.url}/apidocs/json`)).json());
}

describe('the Swagger UI', () => {
  it.each(['/apidocs', '/apidocs/'])('is a page at %s', async (path) => {
    const response = await fetch(`${receiver.url}${path}`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(await response.text()).toContain('swagger-ui');
  });

  it('gets the scripts and styles that its page names', async () => {
    const page = await (await fetch(`${receiver.url}/apidocs/`)).text();
    const files = [...page.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)].map((match) => match[1] ?? '');
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) expect((await fetch(new URL(file, `${receiver.url}/apidocs/`))).status).toBe(200);
  });
});

describe('the OpenAPI document', () => {
  it('is of version 3.1 and names every route of the plain face', async () => {
    const { openapi, paths } = await loadDocument();
    expect(openapi).toMatch(/^3\.1\./);
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/receive_data', '/get_chain', '/validate_chain', '/healthz']),
    );
    const { parameters, responses } = paths['/receive_data'].post;
    expect(parameters).toMatchObject([
      { name: 'wait', in: 'query' },
      { name: 'ack', in: 'query' },
    ]);
    expect(Object.keys(responses).sort()).toEqual(['200', '400', '403', '413', '415', '500', '503']);
  });

  it('names no schema that it does not hold', async () => {
    const text = await (await fetch(`${receiver.url}/apidocs/json`)).text();
    const document: unknown = JSON.parse(text);
    for (const [, path = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const target = path
        .split('/')
        .reduce<unknown>((at, name) => (at instanceof Object ? Reflect.get(at, name) : at), document);
      expect(target, path).toBeDefined();
    }
  });

  it('has an example that is accepted as it stands, again and again', async () => {
    const example = await printedExample();
    const first = await postReadings(receiver.url, example);
    expect(first).toMatchObject({ statusCode: 200, receipts: [{ leaf_index: 1 }] });
    expect(await postReadings(receiver.url, example)).toMatchObject({ statusCode: 200, receipts: [{ leaf_index: 1 }] });
  });
});

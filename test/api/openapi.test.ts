// The committed OpenAPI documents of both services: valid, whole, and their examples are what their schemas say.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const ROOT = resolve(import.meta.dirname, '../..');
/** Paths with liotbchain's errors; all others give problem+json. */
const PLAIN_PATHS = ['/receive_data', '/get_chain', '/validate_chain'];

const schema = z.looseObject({ examples: z.array(z.unknown()).optional() });
const media = z.looseObject({
  schema,
  example: z.unknown().optional(),
  examples: z.record(z.string(), z.object({ value: z.unknown() })).optional(),
});
const content = z.record(z.string(), media);
const operation = z.looseObject({
  summary: z.string(),
  tags: z.tuple([z.string()]),
  parameters: z.array(z.looseObject({ name: z.string(), description: z.string(), schema })).optional(),
  requestBody: z.looseObject({ content }).optional(),
  responses: z.record(
    z.string(),
    z.looseObject({
      description: z.string(),
      content: content.optional(),
      headers: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});
const documentShape = z.looseObject({
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.looseObject({ schemas: z.record(z.string(), schema).optional() }).optional(),
});

describe.each(['receiver', 'sender'])('the OpenAPI document of the %s', (service) => {
  const file = resolve(ROOT, `services/${service}/openapi.json`);
  const text = readFileSync(file, 'utf8');
  const document = documentShape.parse(JSON.parse(text));
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, one]) => ({ name: `${method} ${path}`, path, ...one })),
  );
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  ajv.addSchema(document, 'openapi');

  /** What is wrong with the examples of a body. None is wrong too. */
  function faultsOf(at: string, body: z.infer<typeof media>, pointer: string): string[] {
    const named = /^#\/components\/schemas\/(\w+)$/.exec(String(body.schema['$ref']))?.[1];
    const shown = named === undefined ? body.schema : document.components?.schemas?.[named];
    const examples = [
      ...(body.example === undefined ? [] : [body.example]),
      ...Object.values(body.examples ?? {}).map(({ value }) => value),
      ...(shown?.examples ?? []),
    ];
    if (examples.length === 0) return [`${at} has no example`];
    const validate = ajv.getSchema(`openapi#${pointer}/schema`);
    if (!validate) return [`${at} has no schema`];
    return examples.flatMap((example) =>
      validate(example) ? [] : [`${at}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(example)}`],
    );
  }

  function contentFaults(at: string, bodies: z.infer<typeof content> | undefined, pointer: string): string[] {
    return Object.entries(bodies ?? {}).flatMap(([type, body]) =>
      faultsOf(`${at} ${type}`, body, `${pointer}/content/${escaped(type)}`),
    );
  }

  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(JSON.parse(text));
    expect(result).toMatchObject({ valid: true });
    expect(JSON.parse(text)).toMatchObject({ openapi: '3.1.0' });
  });

  it('describes every tag, and every parameter by more than its name', () => {
    const tags = new Set(document.tags.map((tag) => tag.name));
    const untold = operations.flatMap(({ name, tags: own, parameters = [] }) => [
      ...own.filter((tag) => !tags.has(tag)).map((tag) => `${name}: ${tag}`),
      ...parameters.filter(({ description }) => description === '').map((parameter) => `${name}: ${parameter.name}`),
    ]);
    expect(untold).toEqual([]);
  });

  it('has examples of every request and answer, and all of them fit their schemas', () => {
    const faults = operations.flatMap(({ name, path, requestBody, responses }) => {
      const pointer = `/paths/${escaped(path)}/${name.split(' ')[0]}`;
      return [
        ...contentFaults(name, requestBody?.content, `${pointer}/requestBody`),
        ...Object.entries(responses).flatMap(([status, answer]) =>
          contentFaults(`${name} ${status}`, answer.content, `${pointer}/responses/${status}`),
        ),
      ];
    });
    expect(faults).toEqual([]);
  });

  it('says what each answer is, and how each route fails', () => {
    const faults = operations.flatMap(({ name, path, responses }) => {
      const isPlain = PLAIN_PATHS.includes(path) || (service === 'sender' && !path.startsWith('/v1/'));
      const type = isPlain ? 'application/json' : 'application/problem+json';
      const answers = Object.entries(responses);
      return [
        ...answers
          .filter(([, { description }]) => description === 'Default Response')
          .map(([status]) => `${name} ${status}`),
        ...(answers.some(([status]) => /^[45]/.test(status)) ? [] : [`${name} cannot fail`]),
        ...answers.flatMap(([status, answer]) => {
          const isOurs =
            status === '500' || (status.startsWith('4') && answer.content?.['text/x.tlog.size'] === undefined);
          return isOurs && answer.content?.[type] === undefined ? [`${name} ${status} is not ${type}`] : [];
        }),
      ];
    });
    expect(faults).toEqual([]);
  });
});

/** RFC 6901, in a URI fragment. */
function escaped(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}

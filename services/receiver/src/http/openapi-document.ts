// The OpenAPI 3.1 document: what the routes say of themselves, with the response headers and examples that fastify-type-provider-zod leaves
// out. Committed as openapi.json; swagger.ts shows it as a page.

import type { SwaggerOptions } from '@fastify/swagger';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';

const REST = '*';

/** The parts of a document object that are walked here. */
type Node = Record<string, unknown>;
type Options = Extract<SwaggerOptions, { openapi?: unknown }>;

const TAGS = [
  {
    name: 'Readings and chain',
    description: 'Signed readings in, sealed blocks out. liotbchain’s paths are among these.',
  },
  {
    name: 'Proofs',
    description: 'What shows others that nothing was changed: readings, proofs, checkpoints, tiles, the export.',
  },
  { name: 'Devices', description: 'What the sealed readings of a device say of it.' },
  { name: 'Keys', description: 'The registry: who may speak for which device.' },
  { name: 'Witness', description: 'This receiver as a witness of other logs.' },
  { name: 'Operation', description: 'For who runs it.' },
];

export const documentOptions: Options = {
  openapi: {
    openapi: '3.1.0',
    info: {
      title: 'Telltale receiver',
      description: 'Verifies signed readings, makes them durable and seals them into mined blocks.',
      version: '1',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // The page is served by the receiver itself, under whatever name it is reached.
    servers: [{ url: '/' }],
    tags: TAGS,
    components: {
      securitySchemes: {
        adminToken: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN.' },
        metricsToken: { type: 'http', scheme: 'bearer', description: 'METRICS_TOKEN, where it is set.' },
      },
    },
  },
  transform: (route) => {
    const { schema, url } = jsonSchemaTransform(route);
    addAnswers({ said: nodeAt(route.schema, 'response'), written: nodeAt(schema, 'response') });
    addRequestExamples({ said: route.schema?.body, written: nodeAt(schema, 'body') });
    return { schema, url: nameRest({ schema, url }) };
  },
  transformObject: (route) => withUsedSchemas(jsonSchemaTransformObject(route)),
};

/** Fastify calls the rest of a path `*`, which no template of OpenAPI may. */
function nameRest({ schema, url }: { schema: unknown; url: string }): string {
  const params = nodeAt(nodeAt(schema, 'params'), 'properties');
  const { [REST]: rest, ...others } = params ?? {};
  if (!params || rest === undefined) return url;
  const said = nodeAt(schema, 'params');
  if (said) Object.assign(said, { properties: { ...others, rest }, required: [...Object.keys(others), 'rest'] });
  return url.replace(REST, ':rest');
}

/** zod leaves out the examples of what it transforms. */
function addRequestExamples({ said, written }: { said: unknown; written: Node | undefined }): void {
  const examples = said instanceof z.ZodType ? said.meta()?.['examples'] : undefined;
  if (written && examples) written['examples'] = examples;
}

/** Headers and examples of answers, which the transformation drops. */
function addAnswers({ said, written }: { said: Node | undefined; written: Node | undefined }): void {
  for (const [status, answer] of Object.entries(said ?? {})) {
    const target = nodeAt(written, status);
    const headers = nodeAt(answer, 'headers');
    if (target && headers) target['headers'] = headers;
    for (const [contentType, media] of Object.entries(nodeAt(answer, 'content') ?? {})) {
      const examples = nodeAt(media, 'examples');
      const described = nodeAt(nodeAt(target, 'content'), contentType);
      if (described && examples) described['examples'] = examples;
    }
  }
}

/**
 * Each named schema comes as one of requests and one of answers; those that nothing refers to are left out. Answers may get members that are
 * not there yet, so no schema says that there are no others.
 */
function withUsedSchemas<Document extends object>(document: Document): Document {
  openObjects(document);
  const schemas = nodeAt(nodeAt(document, 'components'), 'schemas');
  for (let isShrinking = schemas !== undefined; isShrinking; ) {
    const text = JSON.stringify(document);
    const unused = Object.keys(schemas ?? {}).filter((name) => !text.includes(`"#/components/schemas/${name}"`));
    for (const name of unused) delete schemas?.[name];
    isShrinking = unused.length > 0;
  }
  return document;
}

function openObjects(value: object): void {
  for (const [name, member] of Object.entries(value)) {
    if (name === 'additionalProperties' && member === false) Reflect.deleteProperty(value, name);
    else if (typeof member === 'object' && member !== null) openObjects(member);
  }
}

function nodeAt(value: unknown, name: string): Node | undefined {
  const found: unknown = isNode(value) ? value[name] : undefined;
  return isNode(found) ? found : undefined;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// A zod schema in the words that a Thing Description has for data. It knows fewer than JSON Schema: alternatives are `oneOf`, and what it has no
// word for is left out, which only says less. Source: W3C WoT Thing Description 1.1, section 5.3.2.

import { z } from 'zod';

/** A DataSchema of a Thing Description, as JSON. */
export type DataSchema = Readonly<Record<string, unknown>>;

/** What fits the schema before its defaults and transformations, so the keywords of what a client sends, and of what it gets as well. */
export function dataSchema(schema: z.ZodType): DataSchema {
  const { $schema: _, ...said } = z.toJSONSchema(schema, {
    io: 'input',
    // Named schemas would be taken out and referred to; what else is known of each is added below.
    metadata: z.registry(),
    override: ({ zodSchema, jsonSchema }) => {
      const { id, examples, ...known } = z.globalRegistry.get(zodSchema) ?? {};
      const { anyOf, pattern, propertyNames, additionalProperties, readOnly, ...kept } = { ...jsonSchema, ...known };
      for (const keyword of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, keyword);
      // Ours exclude each other: null or a value, one or many.
      Object.assign(jsonSchema, kept, anyOf && { oneOf: anyOf });
    },
  });
  return said;
}

/** The same for several, by name. */
export function dataSchemas(schemas: Readonly<Record<string, z.ZodType>>): Readonly<Record<string, DataSchema>> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, dataSchema(schema)]));
}

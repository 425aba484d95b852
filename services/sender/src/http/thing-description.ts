// What a sender is to the Web of Things: its Thing Description, which says for programs what can be read and done, and where. Every form is
// one of the routes beside; the schemas are theirs. There are no events: nothing here can be followed. Source: W3C WoT Thing Description 1.1.

import { z } from 'zod';
import { failure, problem } from './answers.ts';
import { beforeLetter, deadLettersBody, receiptBody, retriedBody, transactionId } from './outbox-routes.ts';
import { outcome, startBody } from './schedule-routes.ts';
import { statusBody } from './status-routes.ts';

/** A DataSchema of a Thing Description, as JSON. */
type DataSchema = Readonly<Record<string, unknown>>;

/** An error as answers.ts has it. The names are those of `schemaDefinitions`. */
const PROBLEM = { success: false, contentType: 'application/problem+json', schema: 'problem' };
const FAILURE = { success: false, contentType: 'application/json', schema: 'failure' };

/** As JSON, without `base`, which depends on how the sender is reached. `keyId`: of the device's key; it names the Thing. */
export function thingDescription(keyId: Uint8Array) {
  return {
    // Both, in this order, for clients of either version of Thing Descriptions.
    '@context': ['https://www.w3.org/2019/wot/td/v1', 'https://www.w3.org/2022/wot/td/v1.1'],
    // RFC 6920: the key id is the SHA-256 that such a URI holds.
    id: `ni:///sha-256;${Buffer.from(keyId).toString('base64url')}`,
    title: 'Telltale sender',
    description: 'Reads sensors, signs readings and delivers them to a receiver.',
    securityDefinitions: { nosec_sc: { scheme: 'nosec' } },
    security: 'nosec_sc',
    schemaDefinitions: { problem: dataSchema(problem), failure: dataSchema(failure) },
    properties: {
      status: readable({ title: 'What it does', href: '/status', error: FAILURE }, statusBody),
      deadLetters: {
        ...readable(
          {
            title: 'A page of the messages that the receiver refused for good, newest first',
            href: '/v1/dead-letters{?before}',
            error: PROBLEM,
          },
          deadLettersBody,
        ),
        uriVariables: { before: dataSchema(beforeLetter) },
      },
      receipt: {
        ...readable(
          { title: 'The receipt of a delivered message', href: '/v1/receipts/{transaction_id}', error: PROBLEM },
          receiptBody,
        ),
        uriVariables: { transaction_id: dataSchema(transactionId) },
      },
    },
    actions: {
      startSending: {
        title: 'Take and send readings, in place of the schedule that runs',
        input: dataSchema(startBody),
        ...invocable({ href: '/start_sending', error: FAILURE }, outcome),
      },
      stopSending: {
        title: 'Stop taking readings; what waits is still delivered',
        ...invocable({ href: '/stop_sending', error: FAILURE }, outcome),
      },
      retryDeadLetters: {
        title: 'Send all dead letters again',
        ...invocable({ href: '/v1/dead-letters/retry', error: PROBLEM }, retriedBody),
      },
    },
    links: [
      { href: '/apidocs/', rel: 'service-doc', type: 'text/html' },
      { href: '/apidocs/json', rel: 'service-desc', type: 'application/json' },
    ],
  };
}

function readable(at: { title: string; href: string; error: object }, schema: z.ZodType) {
  const { title, ...form } = at;
  return { ...dataSchema(schema), title, readOnly: true, forms: [formOf('readproperty', form)] };
}

/** Each may be called again with the same effect. */
function invocable(form: { href: string; error: object }, output: z.ZodType) {
  return { idempotent: true, synchronous: true, output: dataSchema(output), forms: [formOf('invokeaction', form)] };
}

function formOf(op: string, { href, error }: { href: string; error: object }) {
  return { href, op, contentType: 'application/json', additionalResponses: [error] };
}

/** What fits the schema before its defaults. A Thing Description says `oneOf` for alternatives; ours exclude each other. */
function dataSchema(schema: z.ZodType): DataSchema {
  const { $schema: _, ...said } = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      if (jsonSchema.anyOf) jsonSchema.oneOf = jsonSchema.anyOf;
      delete jsonSchema.anyOf;
      delete jsonSchema.examples;
      delete jsonSchema.additionalProperties;
    },
  });
  return said;
}

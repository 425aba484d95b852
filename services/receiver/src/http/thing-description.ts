// What a receiver is to the Web of Things: its Thing Description, which says for programs what can be read, done and followed, and where.
// Every form is one of the routes beside; the schemas are theirs. Source: W3C WoT Thing Description 1.1.

import type { PublicKey } from '@telltale/ledger';
import type { z } from 'zod';
import { deviceName } from './device-name.ts';
import { device, devices } from './devices.ts';
import { blockEvent } from './events.ts';
import { sealedBlock, sealedBlocks } from './explorer-blocks.ts';
import { chain } from './get-chain.ts';
import { ledgerShape } from './ledger.ts';
import { plainError } from './plain-error.ts';
import { problem } from './problem.ts';
import { checkpointText } from './proof-shape.ts';
import { reading, readings, transactionId } from './reading-shape.ts';
import { readingsFilter } from './readings-filter.ts';
import { receiveDataBody, receiveDataQuery, received } from './receive-data.ts';
import { type DataSchema, dataSchema, dataSchemas } from './thing-description-data-schema.ts';
import { validationReport } from './validate-chain.ts';
import { wholeNumber } from './whole-number.ts';

type UriVariables = Readonly<Record<string, z.ZodType>>;

interface Form {
  /** Relative to the Thing's base; a URI template (RFC 6570) of the uriVariables. */
  readonly href: string;
  readonly op: string | readonly string[];
  readonly contentType: string;
  readonly subprotocol?: 'sse';
  readonly 'htv:methodName'?: 'GET';
  readonly additionalResponses: readonly object[];
}

interface Affordance {
  readonly title: string;
  readonly description?: string;
  readonly uriVariables?: Readonly<Record<string, DataSchema>>;
  readonly forms: readonly Form[];
}

interface Action extends Affordance {
  readonly safe?: boolean;
  readonly idempotent: boolean;
  readonly synchronous: boolean;
  readonly input?: DataSchema;
  readonly output: DataSchema;
}

/** As JSON. */
export interface ThingDescription {
  readonly '@context': readonly string[];
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly securityDefinitions: Readonly<Record<string, { scheme: 'nosec' }>>;
  readonly security: string;
  readonly schemaDefinitions: Readonly<Record<string, DataSchema>>;
  readonly properties: Readonly<Record<string, Affordance & DataSchema>>;
  readonly actions: Readonly<Record<string, Action>>;
  readonly events: Readonly<Record<string, Affordance & { data: DataSchema }>>;
  readonly links: readonly { href: string; rel: string; type: string }[];
}

/** The two shapes of an error (error-table.ts). The names are those of `schemaDefinitions`. */
const PROBLEM = { success: false, contentType: 'application/problem+json', schema: 'problem' };
const PLAIN_ERROR = { success: false, contentType: 'application/json', schema: 'error' };

/** Without `base`, which depends on how the receiver is reached. All receivers of a ledger are the same Thing. */
export function thingDescription(ledger: { origin: string; key: Pick<PublicKey, 'keyId'> }): ThingDescription {
  return {
    // Both, in this order, for clients of either version of Thing Descriptions.
    '@context': ['https://www.w3.org/2019/wot/td/v1', 'https://www.w3.org/2022/wot/td/v1.1'],
    id: keyUri(ledger.key.keyId),
    title: `Telltale ledger ${ledger.origin}`,
    description: 'Verifies signed readings, makes them durable and seals them into mined blocks.',
    // The tokens that there may be (ENROLLMENT_TOKEN, ADMIN_TOKEN) are for routes that are not here.
    securityDefinitions: { nosec_sc: { scheme: 'nosec' } },
    security: 'nosec_sc',
    schemaDefinitions: dataSchemas({ problem, error: plainError }),
    properties: properties(),
    actions: actions(),
    events: events(),
    links: [
      { href: '/apidocs/', rel: 'service-doc', type: 'text/html' },
      { href: '/apidocs/json', rel: 'service-desc', type: 'application/json' },
    ],
  };
}

/** RFC 6920: the key id is the SHA-256 that such a URI holds. */
function keyUri(keyId: Uint8Array): string {
  return `ni:///sha-256;${Buffer.from(keyId).toString('base64url')}`;
}

function properties(): ThingDescription['properties'] {
  return {
    ledger: readable(ledgerShape, { title: 'Who this ledger is, and its newest published block', href: '/v1/ledger' }),
    checkpoint: readable(checkpointText, {
      title: 'The newest signed checkpoint',
      href: '/checkpoint',
      contentType: 'text/plain',
    }),
    chain: readable(chain, {
      title: 'The whole chain',
      description: 'Every block with its readings, whatever its length; blocks and readings give it in parts.',
      href: '/get_chain',
      error: PLAIN_ERROR,
    }),
    blocks: readable(sealedBlocks, {
      title: 'A page of sealed blocks, the newest first',
      href: '/v1/blocks{?before}',
      uriVariables: { before: wholeNumber.describe('The block before which the page begins.') },
    }),
    block: readable(sealedBlock, {
      title: 'One sealed block',
      href: '/v1/blocks/{block_index}',
      uriVariables: { block_index: wholeNumber },
    }),
    readings: readable(readings, {
      title: 'A page of readings in the order of the log',
      href: '/v1/readings{?device,from,to,after}',
      uriVariables: {
        ...readingsFilter,
        after: wholeNumber.describe('The leaf index behind which the page begins.'),
      },
    }),
    reading: readable(reading, {
      title: 'One transaction',
      href: '/v1/readings/{transaction_id}',
      uriVariables: { transaction_id: transactionId },
    }),
    devices: readable(devices, {
      title: 'A page of devices in the order of their names',
      href: '/v1/devices{?after}',
      uriVariables: { after: deviceName.describe('The last device of the page before.') },
    }),
    device: readable(device, {
      title: 'One device: its sequence, its keys and its clock',
      href: '/v1/devices/{device}',
      uriVariables: { device: deviceName },
    }),
  };
}

function actions(): ThingDescription['actions'] {
  return {
    receiveData: {
      title: 'Receive signed readings',
      description: 'All of the request is accepted, or none of it. The same message gets the same receipt again.',
      idempotent: true,
      synchronous: true,
      input: dataSchema(receiveDataBody),
      output: dataSchema(received),
      uriVariables: dataSchemas(receiveDataQuery.shape),
      forms: [invocation('/receive_data{?wait,ack}')],
    },
    validateChain: {
      title: 'Validate the whole chain',
      description: 'Recomputes every signature, hash, root and link from the stored bytes.',
      safe: true,
      idempotent: true,
      synchronous: true,
      output: dataSchema(validationReport),
      forms: [{ ...invocation('/validate_chain'), 'htv:methodName': 'GET' }],
    },
  };
}

function events(): ThingDescription['events'] {
  return {
    blockSealed: {
      title: 'A block was sealed',
      data: dataSchema(blockEvent),
      forms: [
        {
          href: '/v1/events?event=message',
          op: ['subscribeevent', 'unsubscribeevent'],
          subprotocol: 'sse',
          // Of each event's data; the stream that carries them is text/event-stream.
          contentType: 'application/json',
          additionalResponses: [PROBLEM],
        },
      ],
    },
  };
}

function invocation(href: string): Form {
  return { href, op: 'invokeaction', contentType: 'application/json', additionalResponses: [PLAIN_ERROR] };
}

/** A property that is read. */
function readable(
  schema: z.ZodType,
  said: {
    title: string;
    description?: string;
    href: string;
    contentType?: string;
    error?: object;
    uriVariables?: UriVariables;
  },
): Affordance & DataSchema {
  const { href, contentType = 'application/json', error = PROBLEM, uriVariables, ...told } = said;
  return {
    ...dataSchema(schema),
    ...told,
    readOnly: true,
    ...(uriVariables && { uriVariables: dataSchemas(uriVariables) }),
    forms: [{ href, op: 'readproperty', contentType, additionalResponses: [error] }],
  };
}

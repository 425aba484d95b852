// /v1/keys and /v1/invites: enrolling, rotating and revoking keys. Byte strings travel as base64, hashes and nonces as hexadecimal.

import { randomBytes } from 'node:crypto';
import {
  asKeyId,
  fromBase64,
  hashFromHex,
  type KeyId,
  ownDevice,
  type PublicKey,
  parsePublicKey,
  toHex,
} from '@telltale/ledger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { ReceiverError } from '../errors.ts';
import { type EnrolContext, enrol } from '../registry/enrol.ts';
import { MAX_REASON_BYTES, revokeByAdmin, revokeByItself } from '../registry/revoke.ts';
import { rotate } from '../registry/rotate.ts';
import { hashToken, isSameToken } from '../registry/secret.ts';
import { insertInvite, insertNonce } from '../store/enrolment-store.ts';
import { findKey } from '../store/registry-store.ts';
import { problem } from './problem.ts';

/** How long a nonce waits to be signed: a person may copy it by hand. A guess. */
const NONCE_LIFETIME_MS = 10 * 60_000;
/** How long a one-time token waits, unless its maker says otherwise. A guess: the next working day. */
const INVITE_LIFETIME_S = 24 * 3600;
const MAX_INVITE_LIFETIME_S = 90 * 24 * 3600;
/** Devices of one enrolment: they must fit a leaf of 64 kB. A guess. */
const MAX_DEVICES = 100;

const bytes = z
  .string()
  .max(2_000)
  .transform((text, context) => {
    const value = fromBase64(text);
    if (!value) context.addIssue('must be canonical base64');
    return value ?? z.NEVER;
  });
const nonceHex = z.string().transform((text, context) => {
  const value = hashFromHex(text);
  if (!value) context.addIssue('must be 64 lower-case hexadecimal digits');
  return value ?? z.NEVER;
});
const keyIdHex = nonceHex.transform((value) => asKeyId(value));
const publicKey = bytes.transform((spki, context): PublicKey => {
  const key = parsePublicKey(spki);
  if (!key.ok) context.addIssue(key.message);
  return key.ok ? key.value : z.NEVER;
});
const devices = z.array(z.string()).max(MAX_DEVICES);
const reason = z.string().max(MAX_REASON_BYTES);

const problems = { 400: problem, 401: problem, 403: problem, 404: problem, 409: problem };
const enrolled = z.object({ key_id: z.string(), devices: z.array(z.string()), leaf_index: z.number() });

export interface KeysContext extends EnrolContext {
  /** Undefined: nobody administers. */
  readonly adminToken: string | undefined;
}

export function keysRoutes(app: FastifyInstance, context: KeysContext): void {
  const tags = ['Keys'];
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const at = '/v1/keys/:key_id';
  const params = z.object({ key_id: keyIdHex });

  const nonce = z.object({ nonce: z.string(), expires_at: z.number().describe('Microseconds since the Unix epoch.') });
  typed.post(
    '/v1/keys/nonce',
    { schema: { summary: 'A nonce to sign', tags, response: { 201: nonce, 503: problem } } },
    async (_request, reply) => {
      const value = randomBytes(32);
      if (!(await insertNonce(context.pool, { nonce: value, lifetimeMs: NONCE_LIFETIME_MS }))) {
        throw new ReceiverError('overloaded', 'too many nonces wait to be signed; ask again later');
      }
      return reply.code(201).send({ nonce: toHex(value), expires_at: context.nowUs() + NONCE_LIFETIME_MS * 1000 });
    },
  );

  const enrolment = z.object({
    token: z.string().max(1_000),
    public_key: publicKey,
    devices,
    nonce: nonceHex,
    possession: bytes,
  });
  typed.post(
    '/v1/keys',
    { schema: { summary: 'Enrol a key', tags, body: enrolment, response: { 201: enrolled, ...problems } } },
    async ({ body }, reply) => {
      const { token, public_key: key, devices: names, nonce: taken, possession } = body;
      const { leafIndex } = await enrol(context, { token, key, devices: names, nonce: taken, possession });
      return reply.code(201).send({ key_id: toHex(key.keyId), devices: names, leaf_index: leafIndex });
    },
  );

  const rotation = z.object({
    public_key: publicKey,
    devices,
    nonce: nonceHex,
    possession: bytes.describe('The new key’s signature.'),
    signature: bytes.describe('The old key’s signature over the text that enrols the new one.'),
    retirement: bytes
      .optional()
      .describe('The old key’s signature over the text that revokes it with the reason "rotated".'),
  });
  const rotated = enrolled.extend({ revoked_leaf: z.number().nullable() });
  typed.post(
    `${at}/rotate`,
    { schema: { summary: 'Rotate a key', tags, params, body: rotation, response: { 201: rotated, ...problems } } },
    async ({ params: { key_id: oldKeyId }, body }, reply) => {
      const { public_key: newKey, devices: names, nonce: taken, possession, signature, retirement } = body;
      const done = await rotate(context, {
        oldKeyId,
        newKey,
        devices: names,
        nonce: taken,
        possession,
        signature,
        ...(retirement && { retirement }),
      });
      const answer = { key_id: toHex(newKey.keyId), devices: names, leaf_index: done.leafIndex };
      return reply.code(201).send({ ...answer, revoked_leaf: done.revokedAtLeaf ?? null });
    },
  );

  const revocation = z.union([z.object({ reason, nonce: nonceHex, signature: bytes }), z.object({ reason })]);
  typed.post(
    `${at}/revoke`,
    {
      schema: {
        summary: 'Revoke a key',
        description: 'By an operator with ADMIN_TOKEN as bearer token, or by the key itself with nonce and signature.',
        tags,
        params,
        body: revocation,
        response: { 200: z.object({ leaf_index: z.number() }), ...problems },
      },
    },
    async (request) => {
      const {
        body,
        params: { key_id: keyId },
      } = request;
      if ('signature' in body) return toLeaf(await revokeByItself(context, { keyId, ...body }));
      requireAdmin(request, context.adminToken);
      return toLeaf(await revokeByAdmin(context, { keyId, reason: body.reason }));
    },
  );

  const key = z.object({
    key_id: z.string(),
    public_key: z.string(),
    devices: z.array(z.object({ device: z.string(), leaf_index: z.number() })),
    own_device: z.string().describe('The device of readings that name none.'),
    leaf_index: z.number(),
    revoked_leaf: z.number().nullable(),
  });
  typed.get(
    at,
    {
      schema: {
        summary: 'What the registry says of a key',
        tags,
        params,
        response: { 200: key, 400: problem, 404: problem },
      },
    },
    ({ params: { key_id: keyId } }) => describe(context, keyId),
  );

  const invite = z.object({
    devices: devices.optional(),
    expires_in_s: z.number().int().min(1).max(MAX_INVITE_LIFETIME_S).default(INVITE_LIFETIME_S),
  });
  const invited = z.object({ token: z.string(), expires_at: z.number() });
  typed.post(
    '/v1/invites',
    { schema: { summary: 'Make a one-time token', tags, body: invite, response: { 201: invited, ...problems } } },
    async (request, reply) => {
      requireAdmin(request, context.adminToken);
      const { devices: names, expires_in_s: lifetimeS } = request.body;
      const token = randomBytes(32).toString('base64url');
      await insertInvite(context.pool, { tokenHash: hashToken(token), devices: names, lifetimeMs: lifetimeS * 1000 });
      return reply.code(201).send({ token, expires_at: context.nowUs() + lifetimeS * 1_000_000 });
    },
  );
}

function toLeaf({ leafIndex }: { leafIndex: number }): { leaf_index: number } {
  return { leaf_index: leafIndex };
}

async function describe({ pool }: KeysContext, keyId: KeyId) {
  const key = await findKey(pool, keyId);
  if (!key) throw new ReceiverError('key-not-found', 'no leaf of this ledger enrols that key');
  return {
    key_id: toHex(keyId),
    public_key: Buffer.from(key.publicKey).toString('base64'),
    devices: [...key.devices].map(([device, leafIndex]) => ({ device, leaf_index: leafIndex })),
    own_device: ownDevice(keyId),
    leaf_index: key.leafIndex,
    revoked_leaf: key.revokedAtLeaf ?? null,
  };
}

/** Throws `not-authorized` unless the request carries ADMIN_TOKEN as its bearer token (RFC 6750). */
function requireAdmin(request: FastifyRequest, adminToken: string | undefined): void {
  const [, token] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (adminToken !== undefined && token !== undefined && isSameToken(token, adminToken)) return;
  throw new ReceiverError('not-authorized', 'this needs ADMIN_TOKEN as a bearer token');
}

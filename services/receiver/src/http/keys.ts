// /v1/keys and /v1/invites: enrolling, rotating and revoking keys. What they take and answer is keys-shape.ts.

import { randomBytes } from 'node:crypto';
import { type KeyId, ownDevice, toHex } from '@telltale/ledger';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { ReceiverError } from '../errors.ts';
import { type EnrolContext, enrol } from '../registry/enrol.ts';
import { revokeByAdmin, revokeByItself } from '../registry/revoke.ts';
import { rotate } from '../registry/rotate.ts';
import { hashToken, isSameToken } from '../registry/secret.ts';
import { insertInvite, insertNonce } from '../store/enrolment-store.ts';
import { findKey } from '../store/registry-store.ts';
import { DATABASE_AWAY, ETAG, jsonAnswer, NOT_MODIFIED, problems } from './answers.ts';
import { conditionalGet } from './conditional-get.ts';
import {
  enrolled,
  enrolment,
  invite,
  invited,
  key,
  keyParams,
  nonce,
  revocation,
  revoked,
  rotated,
  rotation,
} from './keys-shape.ts';

/** How long a nonce waits to be signed: a person may copy it by hand. A guess. */
const NONCE_LIFETIME_MS = 10 * 60_000;

const INVALID = ['request-invalid', 'body/nonce must be 64 lower-case hexadecimal digits'] as const;
const NO_KEY = ['key-not-found', 'no leaf of this ledger enrols that key'] as const;
const NOT_ADMIN = ['not-authorized', 'this needs ADMIN_TOKEN as a bearer token'] as const;

export interface KeysContext extends EnrolContext {
  /** Undefined: nobody administers. */
  readonly adminToken: string | undefined;
}

export function keysRoutes(app: FastifyInstance, context: KeysContext): void {
  const tags = ['Keys'];
  const typed = app.withTypeProvider<ZodTypeProvider>();
  const at = '/v1/keys/:key_id';

  typed.post(
    '/v1/keys/nonce',
    {
      schema: {
        summary: 'A nonce to sign',
        tags,
        response: {
          201: jsonAnswer(nonce, { description: 'It is good for one enrolment, rotation or revocation.' }),
          ...problems(['overloaded', 'too many nonces wait to be signed; ask again later'], DATABASE_AWAY),
        },
      },
    },
    async (_request, reply) => {
      const value = randomBytes(32);
      if (!(await insertNonce(context.pool, { nonce: value, lifetimeMs: NONCE_LIFETIME_MS }))) {
        throw new ReceiverError('overloaded', 'too many nonces wait to be signed; ask again later');
      }
      return reply.code(201).send({ nonce: toHex(value), expires_at: context.nowUs() + NONCE_LIFETIME_MS * 1000 });
    },
  );

  typed.post(
    '/v1/keys',
    {
      schema: {
        summary: 'Enrol a key',
        tags,
        body: enrolment,
        response: {
          201: jsonAnswer(enrolled, { description: 'The key may speak for these devices from this leaf on.' }),
          ...problems(
            INVALID,
            ['enrolment-refused', 'the token is not known, was used, or ran out'],
            ['enrolment-conflict', 'this key was revoked: a key that was revoked never comes back'],
            DATABASE_AWAY,
          ),
        },
      },
    },
    async ({ body }, reply) => {
      const { token, public_key: newKey, devices: names, nonce: taken, possession } = body;
      const { leafIndex } = await enrol(context, { token, key: newKey, devices: names, nonce: taken, possession });
      return reply.code(201).send({ key_id: toHex(newKey.keyId), devices: names, leaf_index: leafIndex });
    },
  );

  typed.post(
    `${at}/rotate`,
    {
      schema: {
        summary: 'Rotate a key',
        tags,
        params: keyParams,
        body: rotation,
        response: {
          201: jsonAnswer(rotated, { description: 'The new key may speak for these devices from this leaf on.' }),
          ...problems(
            INVALID,
            ['enrolment-refused', 'the old key does not speak for "fridge"'],
            NO_KEY,
            ['enrolment-conflict', 'the old key was revoked'],
            DATABASE_AWAY,
          ),
        },
      },
    },
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

  typed.post(
    `${at}/revoke`,
    {
      schema: {
        summary: 'Revoke a key',
        description: 'By an operator with ADMIN_TOKEN as bearer token, or by the key itself with nonce and signature.',
        tags,
        security: [{}, { adminToken: [] }],
        params: keyParams,
        body: revocation,
        response: {
          200: jsonAnswer(revoked, { description: 'The leaf that revokes it.' }),
          ...problems(
            INVALID,
            NOT_ADMIN,
            ['enrolment-refused', 'signature is not the key’s over the text that revokes it'],
            NO_KEY,
            ['enrolment-conflict', 'leaf 42 revoked this key already'],
            DATABASE_AWAY,
          ),
        },
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

  typed.get(
    at,
    {
      onSend: conditionalGet,
      schema: {
        summary: 'What the registry says of a key',
        tags,
        params: keyParams,
        response: {
          200: jsonAnswer(key, { description: 'The key.', headers: ETAG }),
          ...NOT_MODIFIED,
          ...problems(INVALID, NO_KEY, DATABASE_AWAY),
        },
      },
    },
    ({ params: { key_id: keyId } }) => describe(context, keyId),
  );

  typed.post(
    '/v1/invites',
    {
      schema: {
        summary: 'Make a one-time token',
        tags,
        security: [{ adminToken: [] }],
        body: invite,
        response: {
          201: jsonAnswer(invited, { description: 'Whoever has it may enrol one key with it.' }),
          ...problems(
            ['request-invalid', 'body/expires_in_s Too small: expected number to be >=1'],
            NOT_ADMIN,
            DATABASE_AWAY,
          ),
        },
      },
    },
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
  const found = await findKey(pool, keyId);
  if (!found) throw new ReceiverError('key-not-found', 'no leaf of this ledger enrols that key');
  return {
    key_id: toHex(keyId),
    public_key: Buffer.from(found.publicKey).toString('base64'),
    devices: [...found.devices].map(([device, leafIndex]) => ({ device, leaf_index: leafIndex })),
    own_device: ownDevice(keyId),
    leaf_index: found.leafIndex,
    revoked_leaf: found.revokedAtLeaf ?? null,
  };
}

/** Throws `not-authorized` unless the request carries ADMIN_TOKEN as its bearer token (RFC 6750). */
function requireAdmin(request: FastifyRequest, adminToken: string | undefined): void {
  const [, token] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (adminToken !== undefined && token !== undefined && isSameToken(token, adminToken)) return;
  throw new ReceiverError('not-authorized', 'this needs ADMIN_TOKEN as a bearer token');
}

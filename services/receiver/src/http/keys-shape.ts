// What /v1/keys and /v1/invites take and answer. Byte strings travel as base64, hashes and nonces as hexadecimal.

import { asKeyId, fromBase64, hashFromHex, type PublicKey, parsePublicKey } from '@telltale/ledger';
import { z } from 'zod';
import { MAX_REASON_BYTES } from '../registry/revoke.ts';

/** How long a one-time token waits, unless its maker says otherwise. A guess: the next working day. */
const INVITE_LIFETIME_S = 24 * 3600;
const MAX_INVITE_LIFETIME_S = 90 * 24 * 3600;
/** Devices of one enrolment: they must fit a leaf of 64 kB. A guess. */
const MAX_DEVICES = 100;

/** Of the examples. */
const KEY_ID = '7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d';
const NONCE = '0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c';
const SPKI = 'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
const SIGNATURE = 'c2lnbmF0dXJl';

const time = z.number().describe('Microseconds since the Unix epoch.');
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
const keyIdHex = nonceHex
  .transform((value) => asKeyId(value))
  .meta({ description: 'SHA-256 over the SubjectPublicKeyInfo DER of the key, hexadecimal.', examples: [KEY_ID] });
const publicKey = bytes.transform((spki, context): PublicKey => {
  const key = parsePublicKey(spki);
  if (!key.ok) context.addIssue(key.message);
  return key.ok ? key.value : z.NEVER;
});
const devices = z.array(z.string()).max(MAX_DEVICES);
const reason = z.string().max(MAX_REASON_BYTES);

export const keyParams = z.object({ key_id: keyIdHex });

export const nonce = z
  .object({ nonce: z.string(), expires_at: time })
  .meta({ id: 'Nonce', examples: [{ nonce: NONCE, expires_at: 1_767_226_200_000_000 }] });

export const enrolment = z
  .object({
    token: z.string().max(1_000).describe('ENROLLMENT_TOKEN, or a one-time token of /v1/invites.'),
    public_key: publicKey.describe('SubjectPublicKeyInfo DER, base64.'),
    devices: devices.describe('What the key is to speak for.'),
    nonce: nonceHex.describe('From /v1/keys/nonce; used once.'),
    possession: bytes.describe('The key’s signature over the text that enrols it.'),
  })
  .meta({
    examples: [{ token: 'one-time-token', public_key: SPKI, devices: ['fridge'], nonce: NONCE, possession: SIGNATURE }],
  });

const enrolledShape = z.object({ key_id: z.string(), devices: z.array(z.string()), leaf_index: z.number() });
const exampleEnrolled = { key_id: KEY_ID, devices: ['fridge'], leaf_index: 41 };
export const enrolled = enrolledShape.meta({ id: 'Enrolled', examples: [exampleEnrolled] });

export const rotation = z
  .object({
    public_key: publicKey.describe('The new key.'),
    devices: devices.describe('What the new key is to speak for: all of it what the old one speaks for.'),
    nonce: nonceHex,
    possession: bytes.describe('The new key’s signature.'),
    signature: bytes.describe('The old key’s signature over the text that enrols the new one.'),
    retirement: bytes
      .optional()
      .describe('The old key’s signature over the text that revokes it with the reason "rotated".'),
  })
  .meta({
    examples: [{ public_key: SPKI, devices: ['fridge'], nonce: NONCE, possession: SIGNATURE, signature: SIGNATURE }],
  });
export const rotated = enrolledShape
  .extend({ revoked_leaf: z.number().nullable().describe('The leaf that retires the old key.') })
  .meta({ id: 'Rotated', examples: [{ ...exampleEnrolled, revoked_leaf: null }] });

export const revocation = z
  .union([z.object({ reason, nonce: nonceHex, signature: bytes }), z.object({ reason })])
  .meta({ examples: [{ reason: 'lost' }] });
export const revoked = z.object({ leaf_index: z.number() }).meta({ id: 'Revoked', examples: [{ leaf_index: 42 }] });

export const key = z
  .object({
    key_id: z.string(),
    public_key: z.string().describe('SubjectPublicKeyInfo DER, base64.'),
    devices: z.array(
      z.object({ device: z.string(), leaf_index: z.number().describe('The leaf that enrolled the key for it.') }),
    ),
    own_device: z.string().describe('The device of readings that name none.'),
    leaf_index: z.number().describe('The leaf that enrolled it first.'),
    revoked_leaf: z.number().nullable(),
  })
  .meta({
    id: 'Key',
    examples: [
      {
        key_id: KEY_ID,
        public_key: SPKI,
        devices: [{ device: 'fridge', leaf_index: 41 }],
        own_device: KEY_ID.slice(0, 16),
        leaf_index: 41,
        revoked_leaf: null,
      },
    ],
  });

export const invite = z
  .object({
    devices: devices.optional().describe('What it may be used for; without, for any device.'),
    expires_in_s: z.number().int().min(1).max(MAX_INVITE_LIFETIME_S).default(INVITE_LIFETIME_S).describe('Seconds.'),
  })
  .meta({ examples: [{ devices: ['fridge'], expires_in_s: 3_600 }] });
export const invited = z
  .object({ token: z.string().describe('Said once, and kept as a hash.'), expires_at: time })
  .meta({ id: 'Invited', examples: [{ token: 'kq3Vn8…', expires_at: 1_767_312_000_000_000 }] });

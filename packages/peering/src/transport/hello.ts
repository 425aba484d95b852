// What the hello says and signs. Three frames: the acceptor's challenge, the dialler's answer with its proof, the acceptor's welcome with its own.
// Each side signs the other's nonce, so a recorded hello is worth nothing; ring, both nodes and both roles stand in the text, so a proof cannot
// be shown to another node, in another ring, or back to its maker. It proves who spoke when the socket began: against someone who can change
// bytes on the way, ring traffic needs a network that is one's own, or a tunnel.

import { randomBytes } from 'node:crypto';
import { fromBase64, toBase64, utf8 } from '@telltale/ledger';
import { z } from 'zod';
import type { Json } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import { formatNodeKey, type NodeIdentity, type NodePublicKey, parseNodeKey } from './node-identity.ts';

const NONCE_BYTES = 32;
const nonceSchema = z.string().regex(/^[0-9a-f]{64}$/);
const ringSchema = z.string().regex(/^[0-9a-f]{64}$/);
const keySchema = z.string().max(100);
const signatureSchema = z.string().max(100);
const challengeSchema = z.strictObject({ ring: ringSchema, key: keySchema, nonce: nonceSchema });
const answerSchema = z.strictObject({ ...challengeSchema.shape, signature: signatureSchema });
const welcomeSchema = z.strictObject({ signature: signatureSchema });

/** Kinds of the three frames, in their order. */
export const HELLO = { challenge: 'hello.challenge', answer: 'hello.answer', welcome: 'hello.welcome' } as const;

/** What a node says of itself first. `nonce`: 64 hex digits, fresh for each socket. */
export interface Challenge {
  readonly ring: string;
  readonly key: NodePublicKey;
  readonly nonce: string;
}

/** What both sides of a hello know before they sign. */
export interface HelloTerms {
  readonly ring: string;
  readonly dialer: NodeId;
  readonly acceptor: NodeId;
  readonly dialerNonce: string;
  readonly acceptorNonce: string;
}

/** 32 bytes of the system's randomness, in hex. Never injected: a nonce that can be foreseen proves nothing. */
export function freshNonce(): string {
  return randomBytes(NONCE_BYTES).toString('hex');
}

/** The bytes that one side signs: lines, the first of which no other signature of the project begins with. */
export function helloText(terms: HelloTerms, signer: 'dialer' | 'acceptor'): Uint8Array {
  const { ring, dialer, acceptor, dialerNonce, acceptorNonce } = terms;
  const lines = ['telltale-hello-v1', signer, ring, dialer, acceptor, dialerNonce, acceptorNonce];
  return utf8(lines.map((line) => `${line}\n`).join(''));
}

/** A proof as frames carry it. */
export function signHello(self: NodeIdentity, text: Uint8Array): string {
  return toBase64(self.sign(text));
}

/** Whether `signature` (base64) is this key's over the text. */
export function verifyHello(key: NodePublicKey, proof: { text: Uint8Array; signature: string }): boolean {
  const bytes = fromBase64(proof.signature);
  return bytes !== undefined && key.verify(proof.text, bytes);
}

/** The body of a challenge, or of an answer without its proof. */
export function challengeBody(challenge: Challenge): { ring: string; key: string; nonce: string } {
  return { ring: challenge.ring, key: formatNodeKey(challenge.key), nonce: challenge.nonce };
}

/** Undefined: malformed. */
export function parseChallenge(body: Json): Challenge | undefined {
  const parsed = challengeSchema.safeParse(body);
  return parsed.success ? withKey(parsed.data) : undefined;
}

/** Undefined: malformed. */
export function parseAnswer(body: Json): (Challenge & { readonly signature: string }) | undefined {
  const parsed = answerSchema.safeParse(body);
  if (!parsed.success) return undefined;
  const challenge = withKey(parsed.data);
  return challenge && { ...challenge, signature: parsed.data.signature };
}

/** The acceptor's proof. Undefined: malformed. */
export function parseWelcome(body: Json): string | undefined {
  const parsed = welcomeSchema.safeParse(body);
  return parsed.success ? parsed.data.signature : undefined;
}

function withKey(said: { ring: string; key: string; nonce: string }): Challenge | undefined {
  const key = parseNodeKey(said.key);
  return key && { ring: said.ring, key, nonce: said.nonce };
}

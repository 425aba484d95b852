// Requests to /v1/keys and /v1/invites as an operator or a sender makes them. The texts that are signed are written out here, from format.md.

import { createPublicKey } from 'node:crypto';
import type { TestDevice } from './test-device.ts';

const ENROLLMENT_TOKEN = 'a-token-for-tests-of-enrolment';
export const ADMIN_TOKEN = 'a-token-for-tests-of-administration';
export const STRICT = { ENROLLMENT_TOKEN, ADMIN_TOKEN };

export interface KeyAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<KeyAnswer> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

export const asAdmin = { authorization: `Bearer ${ADMIN_TOKEN}` };

export async function nonceOf(url: string): Promise<string> {
  const { status, body } = await post(`${url}/v1/keys/nonce`, undefined);
  if (status !== 201 || typeof body['nonce'] !== 'string') throw new Error(`no nonce: ${JSON.stringify(body)}`);
  return body['nonce'];
}

function spkiOf(device: TestDevice): string {
  return createPublicKey(device.pem).export({ type: 'spki', format: 'der' }).toString('base64');
}

export function signText(device: TestDevice, ...lines: string[]): string {
  return Buffer.from(device.sign(Buffer.from(lines.map((line) => `${line}\n`).join('')))).toString('base64');
}

export function possession(device: TestDevice, of: { origin: string; nonce: string }): string {
  return signText(device, 'telltale-possession-v1', of.origin, device.keyIdHex, of.nonce);
}

/** Enrols a device's key, with a nonce of its own unless told otherwise. */
export async function enrol(
  at: { url: string; origin: string },
  of: { device: TestDevice; devices: readonly string[]; token?: string; nonce?: string; possession?: string },
): Promise<KeyAnswer> {
  const nonce = of.nonce ?? (await nonceOf(at.url));
  return post(`${at.url}/v1/keys`, {
    token: of.token ?? ENROLLMENT_TOKEN,
    public_key: spkiOf(of.device),
    devices: of.devices,
    nonce,
    possession: of.possession ?? possession(of.device, { origin: at.origin, nonce }),
  });
}

/** The body of a rotation, as both keys sign it. */
export async function rotationOf(
  at: { url: string; origin: string },
  keys: { old: TestDevice; next: TestDevice; devices: readonly string[]; isRetiring?: boolean },
): Promise<Record<string, unknown>> {
  const { old, next, devices, isRetiring = true } = keys;
  const nonce = await nonceOf(at.url);
  const enrolLines = ['telltale-enrol-v1', at.origin, next.keyIdHex, JSON.stringify(devices), nonce];
  const revokeLines = ['telltale-revoke-v1', at.origin, old.keyIdHex, '"rotated"', nonce];
  return {
    public_key: spkiOf(next),
    devices,
    nonce,
    possession: possession(next, { origin: at.origin, nonce }),
    signature: signText(old, ...enrolLines),
    ...(isRetiring && { retirement: signText(old, ...revokeLines) }),
  };
}

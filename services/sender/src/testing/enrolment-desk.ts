// The /v1 of a receiver for tests: nonces, proofs of possession, a small registry. Written from format.md with node:crypto alone, so that it
// shares no code with what it tests. A test may script its answers.

import { createHash, createPublicKey, type KeyObject, randomBytes, verify } from 'node:crypto';

export type DeskRequest = { method: string; path: string; body: string };
export type DeskAnswer = { status: number; body: unknown; headers?: Record<string, string> };

const problem = (status: number, code: string, title: string): DeskAnswer => ({
  status,
  body: { type: 'about:blank', title, status, code },
});

export class EnrolmentDesk {
  readonly token = 'a-token-that-nobody-may-see';
  /** Devices by key id in hexadecimal. */
  readonly enrolled = new Map<string, Set<string>>();
  readonly revoked = new Set<string>();
  /** Method and path of each request, in order of arrival. */
  readonly requests: string[] = [];
  /** Number of devices of each enrolment that was asked for. */
  readonly asked: number[] = [];
  /** Answers in place of the desk; undefined: the desk answers itself. */
  script: (request: DeskRequest) => DeskAnswer | undefined = () => undefined;
  /** Undefined: /v1/ledger is not there. */
  toldOrigin: string | undefined;
  /** What a possession must be for. */
  readonly origin: string;
  readonly #nonces = new Set<string>();

  constructor(origin: string) {
    this.origin = origin;
    this.toldOrigin = origin;
  }

  answer(request: DeskRequest): DeskAnswer {
    this.requests.push(`${request.method} ${request.path}`);
    return this.script(request) ?? this.#answer(request);
  }

  #answer({ method, path, body }: DeskRequest): DeskAnswer {
    const [, keyId] = /^\/v1\/keys\/([0-9a-f]{64})$/.exec(path) ?? [];
    if (method === 'GET' && path === '/v1/ledger' && this.toldOrigin !== undefined) {
      return { status: 200, body: { origin: this.toldOrigin } };
    }
    if (method === 'GET' && keyId !== undefined) {
      const devices = this.enrolled.get(keyId);
      if (devices === undefined) return problem(404, 'key-not-found', 'no leaf enrols that key');
      const revoked_leaf = this.revoked.has(keyId) ? 7 : null;
      return { status: 200, body: { devices: [...devices].map((device) => ({ device })), revoked_leaf } };
    }
    if (method === 'POST' && path === '/v1/keys/nonce') {
      const nonce = randomBytes(32).toString('hex');
      this.#nonces.add(nonce);
      return { status: 201, body: { nonce, expires_at: 0 } };
    }
    if (method === 'POST' && path === '/v1/keys') return this.#enrol(JSON.parse(body) as Record<string, string>);
    return problem(404, 'not-found', 'there is no such thing');
  }

  #enrol(asked: Record<string, unknown>): DeskAnswer {
    const devices = asked['devices'] as string[];
    const [nonce, token] = [String(asked['nonce']), String(asked['token'])];
    this.asked.push(devices.length);
    const spki = Buffer.from(String(asked['public_key']), 'base64');
    const keyId = createHash('sha256').update(spki).digest('hex');
    const text = Buffer.from(`telltale-possession-v1\n${this.origin}\n${keyId}\n${nonce}\n`);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    const possession = Buffer.from(String(asked['possession']), 'base64');
    if (!isSignedBy(key, text, possession)) return problem(403, 'enrolment-refused', 'possession is wrong');
    if (!this.#nonces.delete(nonce)) return problem(403, 'enrolment-refused', 'the nonce is wrong');
    if (token !== this.token) return problem(403, 'enrolment-refused', `the token ${token} is not known`);
    this.enrolled.set(keyId, new Set([...(this.enrolled.get(keyId) ?? []), ...devices]));
    return { status: 201, body: { key_id: keyId, devices, leaf_index: 0 } };
  }
}

/** Whether this is the key's signature, with the algorithm that its type has in the format. */
export function isSignedBy(key: KeyObject, message: Buffer, signature: Buffer): boolean {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return verify(null, message, key, signature);
    case 'ec':
      return verify('sha256', message, key, signature);
    default:
      return verify('sha256', message, { key, padding: 6, saltLength: 32 }, signature);
  }
}

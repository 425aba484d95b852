// A registry under test: leaves go in as bytes, one after the other, as a log would give them; verdicts come out.

import { decodeLeaf } from '../leaf.ts';
import { Registry } from '../registry.ts';
import { readingLeaf } from './chain-builder.ts';
import { firstUseLeaf, revocationLeaf } from './registry-leaves.ts';
import { type SigningKey, testKey } from './signing-key.ts';

/** Whose registry it is, in every test. */
export const origin = 'telltale.test/log';
export const ledger = testKey(1);

export class RegistryProbe {
  readonly registry = new Registry({ origin, ledger });
  private leafIndex = 0;

  apply(bytes: Uint8Array): ReturnType<Registry['apply']> {
    const leaf = decodeLeaf(bytes);
    if (!leaf.ok) throw new Error(leaf.message);
    const verdict = this.registry.apply(leaf.value, this.leafIndex);
    if (verdict.ok) this.leafIndex++;
    return verdict;
  }

  /** Applies a leaf and gives `accepted`, or the code of its refusal. */
  take(bytes: Uint8Array): string {
    const verdict = this.apply(bytes);
    return verdict.ok ? 'accepted' : verdict.code;
  }

  /** Applies a leaf that must be accepted, and checks the signatures that it names, in order. */
  checksHold(bytes: Uint8Array): Promise<boolean[]> {
    const verdict = this.apply(bytes);
    if (!verdict.ok) throw new Error(verdict.message);
    return Promise.all(verdict.value.checks.map(({ signer, message, signature }) => signer.verify(message, signature)));
  }
}

export function firstUse(by: SigningKey, ...devices: string[]): Uint8Array {
  return firstUseLeaf({ key: by.key, devices, receivedAtUs: 1 });
}

export function reading(by: SigningKey, message: string): Uint8Array {
  return readingLeaf({ by, message, receivedAtUs: 1 });
}

export function revoke(authority: 'admin' | 'rotation' | 'self', by: SigningKey, subject: SigningKey): Uint8Array {
  return revocationLeaf({ authority, by, keyId: subject.key.keyId, origin, receivedAtUs: 1 });
}

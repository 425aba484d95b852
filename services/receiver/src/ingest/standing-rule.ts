// Whether a key may speak for a device. A pure rule; the registry's tables say how the key stands. Source: format.md "Kinds 2 and 3".

import type { Standing } from '../store/registry-store.ts';

/** `first-use`: it may, once a first-use leaf names the pair. */
export type Verdict = 'accepted' | 'first-use' | { readonly code: string; readonly message: string };

/** Open: a new key, or a new device of a key, is recorded at first use. Strict: only what was enrolled. A revoked key speaks for nothing. */
export function judge(of: { standing: Standing; hasDevice: boolean; isStrict: boolean }): Verdict {
  switch (of.standing) {
    case 'revoked':
      return { code: 'key-revoked', message: 'the key was revoked' };
    case 'named':
      return 'accepted';
    case 'enrolled':
      if (!of.isStrict) return 'first-use';
      // A reading that names no device belongs to its key, and the key is enrolled.
      if (!of.hasDevice) return 'accepted';
      return { code: 'device-not-enrolled', message: 'the key is not enrolled for this device' };
    case 'unknown':
      return of.isStrict ? { code: 'key-unknown', message: 'the key is not enrolled' } : 'first-use';
    default:
      return of.standing satisfies never;
  }
}

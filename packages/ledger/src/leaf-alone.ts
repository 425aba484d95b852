// What one leaf shows by itself, without the log before it: it is well-formed, and its signatures are by the key that it names.
// Whether that key was enrolled and not revoked at the time only the log shows (registry.ts). Source: format.md "Leaf".

import { equalBytes } from './bytes.ts';
import { ownDevice, type PublicKey } from './keys.ts';
import { LEAF_KIND, type Leaf, type LeafCode, UNSIGNED } from './leaf.ts';
import type { NoteVerifier } from './note.ts';
import { parseReading, type Reading } from './reading.ts';
import { parseEnrolment, parseRevocation } from './registry-message.ts';
import { accept, type Result, refuse } from './result.ts';
import { createVerifier, type KeyVerifier } from './signature.ts';
import { enrolmentChecks, readingCheck, revocationCheck, type SignatureCheck } from './signature-check.ts';

export type LeafAloneCode = LeafCode | 'message-invalid' | 'registry-message' | 'key-mismatch' | 'leaf-signature';

type SpokenReading = Reading & { readonly device: string };

/**
 * Checks the leaf's own signatures with `key`, which must be the one that the leaf names as its signer. Leaves of authority token and
 * admin must be signed by the ledger itself. Gives the reading of a kind 1 leaf.
 */
export async function checkLeafAlone(at: {
  leaf: Leaf;
  key: PublicKey;
  ledger: NoteVerifier;
}): Promise<Result<SpokenReading | undefined, LeafAloneCode>> {
  const verifier = createVerifier(at.key);
  if (!verifier.ok) return refuse('key-mismatch', verifier.message);
  const { leaf, key, ledger } = at;
  const needed = neededBy({ leaf, signer: { key, verify: verifier.value }, ledger });
  if (!needed.ok) return needed;
  for (const { signer, message, signature, what } of needed.value.checks) {
    if (!(await signer.verify(message, signature))) return refuse('leaf-signature', `${what} is wrong`);
  }
  return accept(needed.value.reading);
}

type Needed = Result<{ checks: SignatureCheck[]; reading?: SpokenReading }, LeafAloneCode>;

function neededBy(at: { leaf: Leaf; signer: KeyVerifier; ledger: NoteVerifier }): Needed {
  switch (at.leaf.kind) {
    case LEAF_KIND.reading:
      return neededByReading(at);
    case LEAF_KIND.keyEnrolled:
      return neededByEnrolment(at);
    case LEAF_KIND.keyRevoked:
      return neededByRevocation(at);
    default:
      return at.leaf.kind satisfies never;
  }
}

function neededByReading({ leaf, signer }: { leaf: Leaf; signer: KeyVerifier }): Needed {
  const { key } = signer;
  const reading = parseReading(leaf.message);
  if (!reading.ok) return refuse('message-invalid', reading.message);
  if (!equalBytes(key.keyId, leaf.keyId)) return mismatch();
  if (leaf.algorithm !== key.algorithm) return refuse('leaf-algorithm', 'the algorithm is not that of the key');
  const device = reading.value.device ?? ownDevice(leaf.keyId);
  return accept({ checks: [readingCheck(leaf, signer)], reading: { ...reading.value, device } });
}

function neededByEnrolment(at: { leaf: Leaf; signer: KeyVerifier; ledger: NoteVerifier }): Needed {
  const { leaf, ledger } = at;
  const { key } = at.signer;
  const parsed = parseEnrolment(leaf.message);
  if (!parsed.ok) return parsed;
  const enrolment = parsed.value;
  if (!equalBytes(enrolment.key.keyId, leaf.keyId)) {
    return refuse('key-mismatch', 'the key id of the leaf is not that of its public key');
  }
  const signerId = enrolment.authority === 'first-use' ? leaf.keyId : enrolment.by;
  if (!equalBytes(key.keyId, signerId)) return mismatch();
  if (leaf.algorithm !== (enrolment.authority === 'first-use' ? UNSIGNED : key.algorithm)) {
    return refuse('leaf-algorithm', 'the algorithm is not that of the signer');
  }
  const own = createVerifier(enrolment.key);
  if (!own.ok) return refuse('registry-message', own.message);
  const signer = enrolment.authority === 'rotation' ? at.signer : ledger;
  const ownVerifier = { key: enrolment.key, verify: own.value };
  return accept({ checks: enrolmentChecks({ origin: ledger.name, leaf, enrolment, signer, own: ownVerifier }) });
}

function neededByRevocation(at: { leaf: Leaf; signer: KeyVerifier; ledger: NoteVerifier }): Needed {
  const { leaf, ledger } = at;
  const { key } = at.signer;
  const parsed = parseRevocation(leaf.message);
  if (!parsed.ok) return parsed;
  const revocation = parsed.value;
  if (!equalBytes(key.keyId, revocation.by)) return mismatch();
  if (leaf.algorithm !== key.algorithm) return refuse('leaf-algorithm', 'the algorithm is not that of the signer');
  const signer = revocation.authority === 'admin' ? ledger : at.signer;
  return accept({ checks: [revocationCheck({ origin: ledger.name, leaf, revocation, signer })] });
}

function mismatch() {
  return refuse('key-mismatch', 'the public key of the proof is not the one that the leaf names as its signer');
}

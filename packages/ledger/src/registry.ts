// The registry as it stands at each leaf of a log: which key may speak for which device. Built by reading the log from its first leaf;
// it says what each leaf needs to be valid, and names the signatures that remain to be checked. Source: format.md "Kinds 2 and 3".

import { equalBytes, toHex } from './bytes.ts';
import { KeyMap } from './key-map.ts';
import { type KeyId, ownDevice } from './keys.ts';
import { LEAF_KIND, type Leaf, UNSIGNED } from './leaf.ts';
import { parseReading, type Reading } from './reading.ts';
import { type Enrolment, parseEnrolment, parseRevocation } from './registry-message.ts';
import { accept, type Result, refuse } from './result.ts';
import { createVerifier, type KeyVerifier } from './signature.ts';
import { enrolmentChecks, readingCheck, revocationCheck, type SignatureCheck } from './signature-check.ts';

/** A key of the log, as the leaves up to now leave it. */
export interface EnrolledKey extends KeyVerifier {
  /** Devices that it may speak for, each with the leaf that first named it. */
  readonly devices: ReadonlyMap<string, number>;
  /** Index of the leaf that first enrolled it. */
  readonly leafIndex: number;
  /** Index of the leaf that revoked it. */
  readonly revokedAt?: number;
}

/** Why a leaf may not stand where it stands. */
export type RegistryCode =
  | 'leaf-algorithm'
  | 'message-invalid'
  | 'registry-message'
  | 'key-mismatch'
  | 'key-unknown'
  | 'key-revoked'
  | 'device-not-enrolled'
  | 'authority-wrong';

interface Entry extends KeyVerifier {
  readonly devices: Map<string, number>;
  readonly leafIndex: number;
  revokedAt?: number;
  /** Keys that this one enrolled by rotation: they may retire it. */
  readonly successors: Set<string>;
}

/** Which keys may speak for which devices at each leaf. Give it the leaves in their order. Source: format.md "Kinds 2 and 3". */
export class Registry {
  private readonly entries = new KeyMap<Entry>();
  private readonly origin: string;
  private readonly ledger: KeyVerifier;

  /** `origin`, `ledger`: whose name and key stand under the registry leaves of authority token and admin. */
  constructor({ origin, ledger }: { origin: string; ledger: KeyVerifier }) {
    this.origin = origin;
    this.ledger = ledger;
  }

  /** Every key that the log names so far, in the order of its first enrolment. */
  keys(): Iterable<EnrolledKey> {
    return this.entries.values();
  }

  /** Takes the next leaf of the log. A refused leaf changes nothing. A reading is given back parsed, with the device that it speaks for. */
  apply(
    leaf: Leaf,
    leafIndex: number,
  ): Result<{ checks: SignatureCheck[]; reading?: Reading & { device: string } }, RegistryCode> {
    switch (leaf.kind) {
      case LEAF_KIND.reading:
        return this.applyReading(leaf);
      case LEAF_KIND.keyEnrolled:
        return this.applyEnrolment(leaf, leafIndex);
      case LEAF_KIND.keyRevoked:
        return this.applyRevocation(leaf, leafIndex);
      default:
        return leaf.kind satisfies never;
    }
  }

  private applyReading(leaf: Leaf): ReturnType<Registry['apply']> {
    const reading = parseReading(leaf.message);
    if (!reading.ok) return refuse('message-invalid', reading.message);
    const entry = this.entries.get(leaf.keyId);
    if (!entry) return refuse('key-unknown', 'no earlier leaf enrols the key of this reading');
    if (entry.revokedAt !== undefined)
      return refuse('key-revoked', `leaf ${entry.revokedAt} revoked the key of this reading`);
    const { device } = reading.value;
    if (device !== undefined && !entry.devices.has(device)) {
      return refuse('device-not-enrolled', `no earlier leaf enrols the key for device ${JSON.stringify(device)}`);
    }
    if (leaf.algorithm !== entry.key.algorithm) return refuse('leaf-algorithm', 'the algorithm is not that of the key');
    return accept({
      checks: [readingCheck(leaf, entry)],
      reading: namesDevice(reading.value) ? reading.value : { ...reading.value, device: ownDevice(leaf.keyId) },
    });
  }

  private applyEnrolment(leaf: Leaf, leafIndex: number): ReturnType<Registry['apply']> {
    const enrolment = parseEnrolment(leaf.message);
    if (!enrolment.ok) return enrolment;
    const { key, devices } = enrolment.value;
    if (!equalBytes(key.keyId, leaf.keyId))
      return refuse('key-mismatch', 'the key id of the leaf is not that of its public key');
    const verifier = createVerifier(key);
    if (!verifier.ok) return refuse('registry-message', verifier.message);
    const own = { key, verify: verifier.value };
    const checks = this.checksOfEnrolment({ leaf, enrolment: enrolment.value, own });
    if (!checks.ok) return checks;
    const id = toHex(key.keyId);
    const named = {
      ...own,
      devices: new Map<string, number>(),
      leafIndex,
      successors: new Set<string>(),
    };
    const known = this.entries.get(key.keyId);
    if (!known) this.entries.add(key.keyId, named);
    const entry = known ?? named;
    for (const device of devices) if (!entry.devices.has(device)) entry.devices.set(device, leafIndex);
    if (enrolment.value.authority === 'rotation') this.entries.get(enrolment.value.by)?.successors.add(id);
    return accept({ checks: checks.value });
  }

  private checksOfEnrolment(at: {
    leaf: Leaf;
    enrolment: Enrolment;
    own: KeyVerifier;
  }): Result<SignatureCheck[], RegistryCode> {
    const { leaf, enrolment, own } = at;
    if (enrolment.authority === 'first-use') {
      if (leaf.algorithm === UNSIGNED) return accept([]);
      return refuse('authority-wrong', 'the first use of a key has no signature');
    }
    const signer = this.signerOf(enrolment.authority, enrolment.by);
    if (!signer.ok) return signer;
    if (leaf.algorithm !== signer.value.key.algorithm)
      return refuse('leaf-algorithm', 'the algorithm is not that of the signer');
    const { devices } = enrolment;
    if (signer.value.devices && !devices.every((device) => signer.value.devices?.has(device))) {
      return refuse('authority-wrong', 'a key can only be rotated for devices of its own');
    }
    return accept(enrolmentChecks({ origin: this.origin, leaf, enrolment, signer: signer.value, own }));
  }

  private applyRevocation(leaf: Leaf, leafIndex: number): ReturnType<Registry['apply']> {
    const revocation = parseRevocation(leaf.message);
    if (!revocation.ok) return revocation;
    const { authority, by } = revocation.value;
    const entry = this.entries.get(leaf.keyId);
    if (!entry) return refuse('key-unknown', 'no earlier leaf enrols the key that is revoked');
    if (entry.revokedAt !== undefined) return refuse('key-revoked', `leaf ${entry.revokedAt} revoked this key already`);
    const isOwn = equalBytes(by, leaf.keyId);
    if (authority === 'self' && !isOwn)
      return refuse('authority-wrong', 'only the key itself revokes with authority self');
    if (authority === 'rotation' && !isOwn && !entry.successors.has(toHex(by))) {
      return refuse('authority-wrong', 'only the key itself or its successor revokes with authority rotation');
    }
    const signer = this.signerOf(authority, by);
    if (!signer.ok) return signer;
    if (leaf.algorithm !== signer.value.key.algorithm)
      return refuse('leaf-algorithm', 'the algorithm is not that of the signer');
    entry.revokedAt = leafIndex;
    const { origin } = this;
    return accept({ checks: [revocationCheck({ origin, leaf, revocation: revocation.value, signer: signer.value })] });
  }

  /** The key that an authority signs with: the ledger's, or for rotation and self an enrolled key that is not revoked. */
  private signerOf(
    authority: 'token' | 'admin' | 'rotation' | 'self',
    by: KeyId,
  ): Result<KeyVerifier & { devices?: ReadonlyMap<string, number> }, RegistryCode> {
    if (authority === 'token' || authority === 'admin') {
      if (!equalBytes(by, this.ledger.key.keyId))
        return refuse('authority-wrong', `authority ${authority} is the ledger’s key alone`);
      return accept(this.ledger);
    }
    const entry = this.entries.get(by);
    if (!entry) return refuse('key-unknown', 'no earlier leaf enrols the key that signed this leaf');
    if (entry.revokedAt !== undefined)
      return refuse('key-revoked', `leaf ${entry.revokedAt} revoked the key that signed this leaf`);
    return accept(entry);
  }
}

function namesDevice(reading: Reading): reading is Reading & { device: string } {
  return reading.device !== undefined;
}

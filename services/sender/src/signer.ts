// Signs the exact bytes of a message with the device's key. It neither makes nor changes messages.
// Algorithms and their parameters: format.md, "Keys".

import { constants, createPublicKey, sign } from 'node:crypto';
import { ALGORITHM, type AlgorithmId, type KeyId, keyIdOf, publicKeyPem } from '@telltale/ledger';
import type { DeviceKey, KeyAlgorithm } from './key-file.ts';

/** Salt of RSA-PSS in bytes: the size of a SHA-256 hash, the usual choice of RFC 8017 section 9.1. */
const PSS_SALT_BYTES = 32;

/** A public key as envelopes and leaves need it. */
export type SigningKey = Readonly<{ keyId: KeyId; algorithm: AlgorithmId; publicKeyPem: string }>;

export type Signer = Readonly<{
  algorithm: KeyAlgorithm;
  key: SigningKey;
  /** The public key as SPKI DER. */
  spki: Uint8Array;
  /** Signs these bytes on libuv's thread pool. RSA-PSS and ECDSA give another signature each time. */
  sign: (message: Uint8Array) => Promise<Uint8Array>;
}>;

export function createSigner(deviceKey: DeviceKey): Signer {
  const spki = createPublicKey(deviceKey.privateKey).export({ type: 'spki', format: 'der' });
  const { digest, parameters } = parametersOf(deviceKey);
  return {
    algorithm: deviceKey.algorithm,
    key: { keyId: keyIdOf(spki), algorithm: ALGORITHM[deviceKey.algorithm], publicKeyPem: publicKeyPem(spki) },
    spki,
    sign: (message) =>
      new Promise((resolve, reject) => {
        sign(digest, message, parameters, (error, signature) => (error === null ? resolve(signature) : reject(error)));
      }),
  };
}

function parametersOf({ algorithm, privateKey }: DeviceKey) {
  switch (algorithm) {
    case 'ed25519':
      return { digest: null, parameters: { key: privateKey } };
    case 'ecdsa-p256':
      return { digest: 'sha256', parameters: { key: privateKey, dsaEncoding: 'der' as const } };
    case 'rsa-pss':
      return {
        digest: 'sha256',
        parameters: { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES },
      };
    default:
      return algorithm satisfies never;
  }
}

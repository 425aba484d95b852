// `telltale keygen`: a new key for a device or a ledger, made here and sent nowhere.

import { ALGORITHM, type AlgorithmName, formatVerifierKey, publicKeyPem, toBase64, toHex } from '@telltale/ledger';
import { CliError, EXIT } from '../cli-error.ts';
import { type Command, JSON_OPTION, writeResult } from '../command.ts';
import { makeKey, writeNewFile } from './key-file.ts';

export const keygenCommand: Command = {
  usage: '<file> [--algorithm ed25519|ecdsa-p256|rsa-pss]',
  options: {
    algorithm: { value: 'name', help: 'ed25519 (default), ecdsa-p256 or rsa-pss. A ledger’s key is Ed25519.' },
    origin: { value: 'origin', help: 'For a ledger’s key: also print the verifier key of this origin.' },
    ...JSON_OPTION,
  },
  positionals: { min: 1, max: 1 },
  async run(given, context) {
    const file = given.required(0);
    const algorithm = given.text('algorithm') ?? 'ed25519';
    if (!isAlgorithm(algorithm)) throw new CliError('usage', '--algorithm is ed25519, ecdsa-p256 or rsa-pss');
    const origin = given.text('origin');
    if (origin !== undefined && (algorithm !== 'ed25519' || !/^[^+\p{White_Space}\p{Cc}]+$/u.test(origin))) {
      throw new CliError('usage', '--origin is for an Ed25519 key, and has neither spaces nor plus signs');
    }
    const { pem, privateKey } = await makeKey(algorithm);
    const { keyId, spki } = privateKey.key;
    await writeNewFile({ path: file, content: pem, mode: 0o600 });
    await writeNewFile({ path: `${file}.pub`, content: publicKeyPem(spki), mode: 0o644 });
    const verifierKey = origin === undefined ? undefined : formatVerifierKey(origin, spki);
    const lines = [
      `private key  ${file}`,
      `public key   ${file}.pub`,
      `key id       ${toHex(keyId)}`,
      `base64       ${toBase64(spki)}`,
      ...(verifierKey === undefined ? [] : [`verifier key ${verifierKey}`]),
    ];
    writeResult(context, given, {
      text: `${lines.join('\n')}\n`,
      json: {
        file,
        algorithm,
        key_id: toHex(keyId),
        public_key: toBase64(spki),
        ...(verifierKey !== undefined && { verifier_key: verifierKey }),
      },
    });
    return EXIT.sound;
  },
};

function isAlgorithm(text: string): text is AlgorithmName {
  return Object.hasOwn(ALGORITHM, text);
}

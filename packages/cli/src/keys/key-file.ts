// Private keys on disk, PKCS#8 PEM that only its owner may read, and signing with them. Algorithms: format.md "Keys".

import { constants, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { open, rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ALGORITHM, type AlgorithmName, type PublicKey, parsePublicKey } from '@telltale/ledger';
import { CliError } from '../cli-error.ts';
import { readTextFile, reasonOf } from '../read-file.ts';

/** Salt of RSA-PSS in bytes: the size of a SHA-256 hash, the usual choice of RFC 8017 section 9.1. */
const PSS_SALT_BYTES = 32;
/** The least size that the format takes, and what the sender makes. */
const RSA_BITS = 2048;

export interface PrivateKey {
  readonly key: PublicKey;
  /** Signs exactly these bytes as the key's algorithm does. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

/** Makes a key. Nothing is written. */
export async function makeKey(algorithm: AlgorithmName): Promise<{ pem: string; privateKey: PrivateKey }> {
  const made = await generate(algorithm);
  return { pem: String(made.export({ type: 'pkcs8', format: 'pem' })), privateKey: toPrivateKey(made) };
}

/**
 * Writes a new file that only its owner may read. Never over another: a key that is lost cannot be made again. Throws CliError `key-file`.
 * A crash on the way leaves a part of a key that nobody has used; the next try says that the file is there.
 */
export async function writeNewFile(file: { path: string; content: string; mode: number }): Promise<void> {
  const { path, content, mode } = file;
  let isMine = false;
  try {
    const handle = await open(path, 'wx', mode);
    isMine = true;
    try {
      // The mode that open() sets is narrowed by the umask alone; this one is exact.
      await handle.chmod(mode);
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (isMine) await rm(path, { force: true });
    const isThere = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    const why = isThere ? 'is there already, and is never written over' : `cannot be written (${reasonOf(cause)})`;
    throw new CliError('key-file', `${path} ${why}`, { cause });
  }
}

/** Reads a key file. Throws CliError `key-file` when others may read it, or it holds no key that the format has. */
export async function readKeyFile(path: string): Promise<PrivateKey> {
  const pem = await readTextFile(path);
  const { mode } = await stat(path);
  // Windows has no such bits.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8);
    throw new CliError('key-file', `${path} can be used by others (mode ${octal}): run chmod 600 on it`);
  }
  try {
    return toPrivateKey(createPrivateKey({ key: pem, format: 'pem' }));
  } catch (cause) {
    throw new CliError('key-file', `${path} is no Ed25519, P-256 or RSA private key in PKCS#8 PEM`, { cause });
  }
}

async function generate(algorithm: AlgorithmName): Promise<KeyObject> {
  const generatePair = promisify(generateKeyPair);
  switch (algorithm) {
    case 'ed25519':
      return (await generatePair('ed25519')).privateKey;
    case 'ecdsa-p256':
      return (await generatePair('ec', { namedCurve: 'prime256v1' })).privateKey;
    case 'rsa-pss':
      return (await generatePair('rsa', { modulusLength: RSA_BITS })).privateKey;
    default:
      return algorithm satisfies never;
  }
}

function toPrivateKey(privateKey: KeyObject): PrivateKey {
  const key = parsePublicKey(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
  if (!key.ok) throw new TypeError(key.message);
  const { algorithm } = key.value;
  return { key: key.value, sign: (message) => signWith({ privateKey, algorithm, message }) };
}

function signWith(at: { privateKey: KeyObject; algorithm: PublicKey['algorithm']; message: Uint8Array }): Uint8Array {
  const { privateKey: key, algorithm, message } = at;
  switch (algorithm) {
    case ALGORITHM.ed25519:
      return sign(null, message, key);
    case ALGORITHM['ecdsa-p256']:
      return sign('sha256', message, { key, dsaEncoding: 'der' });
    case ALGORITHM['rsa-pss']:
      return sign('sha256', message, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: PSS_SALT_BYTES });
    default:
      return algorithm satisfies never;
  }
}

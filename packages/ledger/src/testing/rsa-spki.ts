// SubjectPublicKeyInfo of RSA keys for tests, with any of its parts wrong. Nothing checks that the modulus is one.
// Source: RFC 8017 appendix A.1.1, RFC 3279 section 2.3.1, X.690.

/** AlgorithmIdentifier: rsaEncryption with NULL parameters. */
const RSA_ENCRYPTION = Buffer.from('300d06092a864886f70d0101010500', 'hex');

/** An RSA key whose modulus has its highest and lowest bit set; DER as it should be where nothing else is given. */
export function rsaSpkiOf(key: {
  bits: number;
  exponent?: readonly number[];
  algorithm?: Buffer;
  /** Writes a length; DER's shortest form when absent. */
  length?: (sizeBytes: number) => readonly number[];
}): Buffer {
  const length = key.length ?? derLength;
  const element = (tag: number, content: Uint8Array) =>
    Buffer.concat([Uint8Array.of(tag, ...length(content.length)), content]);
  const numbers = element(
    0x30,
    Buffer.concat([element(0x02, modulusOf(key.bits)), element(0x02, Uint8Array.from(key.exponent ?? [1, 0, 1]))]),
  );
  const bits = element(0x03, Buffer.concat([Uint8Array.of(0), numbers]));
  return element(0x30, Buffer.concat([key.algorithm ?? RSA_ENCRYPTION, bits]));
}

/** The shortest length octets (X.690 section 10.1). */
export function derLength(sizeBytes: number): number[] {
  if (sizeBytes < 0x80) return [sizeBytes];
  return sizeBytes < 0x100 ? [0x81, sizeBytes] : [0x82, sizeBytes >> 8, sizeBytes & 0xff];
}

function modulusOf(bits: number): Buffer {
  const modulus = Buffer.alloc(Math.ceil(bits / 8), 0x5b);
  const highest = 1 << ((bits - 1) % 8);
  modulus[0] = highest;
  return highest === 0x80 ? Buffer.concat([Uint8Array.of(0), modulus]) : modulus;
}

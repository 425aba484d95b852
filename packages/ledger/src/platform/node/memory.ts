// Memory for small byte strings where Node.js runs: pieces of a shared slab. An ArrayBuffer of its own costs about 1 µs and the collector's
// attention; a piece costs a twentieth of that. What is kept for long wants a copy: a piece keeps its whole slab.

/** Bytes that hold anything until they are written. */
export function allocate(sizeBytes: number): Uint8Array<ArrayBuffer> {
  const piece = Buffer.allocUnsafe(sizeBytes);
  return new Uint8Array(piece.buffer, piece.byteOffset, sizeBytes);
}

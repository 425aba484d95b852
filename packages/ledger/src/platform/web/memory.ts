// Memory for byte strings in a browser.

/** Bytes that may hold anything until they are written. */
export function allocate(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(sizeBytes);
}

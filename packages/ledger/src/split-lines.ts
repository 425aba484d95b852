// Lines out of chunks of bytes, as they come from a file or a connection. Source: JSON Lines (lines end in a line feed).

import { concat } from './bytes.ts';

const LINE_FEED = 0x0a;
/**
 * Bytes of one line: a bound on the memory that a hostile source can take. A block of 10,000 readings of 1 kB is a line of 15 MB; a guess
 * with room.
 */
const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** Each line without its line feed; what stands behind the last line feed is a line if there is any. Throws RangeError for a line past 256 MiB. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield concat(...parts, chunk.subarray(start, end));
      parts = [];
      sizeBytes = 0;
      start = end + 1;
    }
    sizeBytes += chunk.length - start;
    if (sizeBytes > MAX_LINE_BYTES) throw new RangeError(`a line has more than ${MAX_LINE_BYTES} bytes`);
    // A copy: the source may use its buffer again.
    if (start < chunk.length) parts.push(Uint8Array.from(chunk.subarray(start)));
  }
  if (sizeBytes > 0) yield concat(...parts);
}

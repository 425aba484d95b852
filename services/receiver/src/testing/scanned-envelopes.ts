// What the scanner makes of a body, with a refusal as a value, and envelopes as text to scan.

import { ReceiverError } from '../errors.ts';
import { scanEnvelopes } from '../ingest/envelope-scanner.ts';

/** Far above what a test sends. */
const limits = { maxEnvelopes: 100_000 };

/** What the scanner makes of a body: its envelopes, or the error with its items. */
export function scan(body: string | Uint8Array, maxEnvelopes = limits.maxEnvelopes) {
  try {
    return { envelopes: scanEnvelopes(Buffer.from(body), { maxEnvelopes }) };
  } catch (error) {
    if (!(error instanceof ReceiverError)) throw error;
    return { code: error.code, message: error.message, faults: error.faults };
  }
}

/** An envelope's text; members given replace its own, also with text that is not JSON. */
export function envelope(members: Record<string, string> = {}): string {
  const all = { data: '{"device":"d"}', signature: '"AAAA"', public_key: '"pem"', ...members };
  return `{${Object.entries(all)
    .map(([name, value]) => `"${name}":${value}`)
    .join(',')}}`;
}

// Who the ledger is and where it stands: GET /v1/ledger.

import * as z from 'zod/mini';
import { getJson } from './get-json.ts';

const ledger = z.object({
  origin: z.string(),
  key_id: z.string(),
  lane: z.string(),
  verifier_key: z.string(),
  head: z.object({ index: z.number(), hash: z.string(), log_size: z.number(), timestamp: z.number() }),
  mode: z.enum(['open', 'strict']),
  plugins: z.array(z.string()),
});
export type LedgerAnswer = z.infer<typeof ledger>;

export function getLedger(signal?: AbortSignal): Promise<LedgerAnswer> {
  return getJson(ledger, '/v1/ledger', signal);
}

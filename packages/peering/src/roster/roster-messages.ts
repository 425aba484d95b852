// What boot node and joining nodes of a trial ring say to each other. The bodies are checked here; signatures where they matter.

import { z } from 'zod';
import type { Json, Message } from '../calls.ts';
import { formatNodeKey, type NodePublicKey, parseNodeKey } from '../transport/node-identity.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';
import type { SignedTrialRoster } from './trial-roster.ts';

/** Kinds: a node asks to be admitted; a member asks for a newer roster; the boot node pushes one; the answer of all three. */
export const ROSTER = {
  join: 'roster.join',
  get: 'roster.get',
  update: 'roster.update',
  current: 'roster.current',
} as const;

const joinSchema = z.strictObject({
  token: z.string().max(1_024),
  public_key: z.string().max(100),
  address: z.string().max(300),
});
const getSchema = z.strictObject({ version: z.int().min(0) });
const currentSchema = z.strictObject({ roster: z.unknown() });

/** A wish to be admitted. */
export interface Join {
  readonly token: string;
  readonly key: NodePublicKey;
  readonly address: Address;
}

export function joinMessage(join: Join): Message {
  const body = { token: join.token, public_key: formatNodeKey(join.key), address: formatAddress(join.address) };
  return { t: ROSTER.join, body };
}

/** Undefined: malformed. */
export function parseJoin(body: Json): Join | undefined {
  const parsed = joinSchema.safeParse(body);
  if (!parsed.success) return undefined;
  const key = parseNodeKey(parsed.data.public_key);
  const address = parseAddress(parsed.data.address);
  return key && address && { token: parsed.data.token, key, address };
}

/** Asks for a roster newer than `version`. */
export function getMessage(version: number): Message {
  return { t: ROSTER.get, body: { version } };
}

/** Undefined: malformed. */
export function parseGet(body: Json): number | undefined {
  const parsed = getSchema.safeParse(body);
  return parsed.success ? parsed.data.version : undefined;
}

/** A roster, or null where there is none newer. */
export function rosterMessage(
  t: typeof ROSTER.update | typeof ROSTER.current,
  roster: SignedTrialRoster | null,
): Message {
  return { t, body: { roster } };
}

/** The roster of an update or an answer, its signature unchecked. Undefined: malformed. */
export function parseRosterBody(body: Json): { readonly roster: unknown } | undefined {
  const parsed = currentSchema.safeParse(body);
  return parsed.success ? { roster: parsed.data.roster } : undefined;
}

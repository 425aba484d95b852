// The variables of peering, as .env.example documents them, and what they mean together. The receiver reads the environment; this parses it.

import type { Environment } from '@telltale/plugin';
import { z } from 'zod';
import { type Address, parseAddress } from './roster/address.ts';
import { MAX_NODES } from './roster/ring-roster.ts';

/** The receiver's own default port, so also the boot node's. */
const BOOT_PORT = 5001;
/** Addresses that mean "every address of this machine": nobody can dial them. */
const EVERY_ADDRESS = new Set(['0.0.0.0', '::', '[::]']);

/** A whole number in plain digits. */
const integer = (bounds: { least: number; most: number }) => {
  const error = `must be a whole number from ${bounds.least} to ${bounds.most}`;
  const isWithin = (value: number) => value >= bounds.least && value <= bounds.most;
  return z
    .string()
    .regex(/^\d{1,15}$/, error)
    .transform(Number)
    .refine(isWithin, { error });
};

const address = z.string().transform((text, context): Address => {
  const parsed = parseAddress(text);
  if (parsed) return parsed;
  context.addIssue('must be host:port, as others reach this receiver');
  return z.NEVER;
});

/** Read by peering alone. HOST is the receiver's, and looked at for what others can dial. */
export const peeringVariables = z.object({
  HOST: z.string().default('127.0.0.1'),
  PEER_ADDR: z.string().optional(),
  PEER_PORT: integer({ least: 1, most: 65_535 }).optional(),
  PEER_PUBLIC_ADDR: address.optional(),
  PEER_TOKEN: z
    .string()
    .min(16, 'must have at least 16 characters')
    .regex(/^[\x21-\x7e]+$/, 'must be ASCII without spaces: it travels in a header')
    .optional(),
  ROSTER: z.string().optional(),
  RING_SIZE: integer({ least: 2, most: MAX_NODES }).prefault('2'),
  NODE_KEY_FILE: z.string().optional(),
});

/** Which ring this receiver belongs to, and as what. */
export interface PeeringConfiguration {
  /** `roster`: the file says who is in the ring. `boot`: the first of a trial ring. `member`: joins a trial ring through its boot node. */
  readonly ring:
    | { readonly kind: 'roster'; readonly file: string }
    | { readonly kind: 'boot'; readonly token: string; readonly ringSize: number }
    | { readonly kind: 'member'; readonly token: string; readonly boot: Address };
  /** Guards what strangers must not do. Undefined only in a ring with a ROSTER file. */
  readonly token: string | undefined;
  /** Undefined: DATA_DIR/node-key.pem. */
  readonly nodeKeyFile: string | undefined;
  /** Where others reach this receiver. Undefined: where it listens. */
  readonly publicAddress: Address | undefined;
}

/** A variable, and what is wrong with it. */
type Fault = readonly [name: string, message: string];

/** The configuration that these variables give. Throws Error with one line that names every wrong one. */
export function parseVariables(environment: Environment): PeeringConfiguration {
  const parsed = peeringVariables.safeParse(environment);
  const wrong = (parsed.error?.issues ?? []).map((issue): Fault => [issue.path.join('.'), issue.message]);
  const names = new Set(wrong.map(([name]) => name));
  // What the others mean together is looked at as well. What is said of a wrong one then, for being left out, is said already.
  const sound = Object.fromEntries(Object.entries(environment).filter(([name]) => !names.has(name)));
  const { configuration, faults } = together(parsed.data ?? peeringVariables.parse(sound));
  const all = [...wrong, ...faults.filter(([name]) => !names.has(name))];
  if (configuration && all.length === 0) return configuration;
  throw new Error(all.map(([name, message]) => `${name}: ${message}`).join('; '));
}

/** What the variables mean together. Without a configuration there are faults. */
function together(variables: z.output<typeof peeringVariables>): {
  configuration?: PeeringConfiguration;
  faults: Fault[];
} {
  const { PEER_TOKEN: token, ROSTER: file, RING_SIZE: ringSize } = variables;
  const shared = { token, nodeKeyFile: variables.NODE_KEY_FILE, publicAddress: variables.PEER_PUBLIC_ADDR };
  const faults: Fault[] = [];
  if (file !== undefined) {
    if (variables.PEER_ADDR !== undefined) faults.push(['PEER_ADDR', 'not beside ROSTER, which names every receiver']);
    return { configuration: { ...shared, ring: { kind: 'roster', file } }, faults };
  }
  const boot = bootAddress(variables, faults);
  if (shared.publicAddress === undefined && EVERY_ADDRESS.has(variables.HOST)) {
    const message = 'must be set where HOST is every address: others need one that they can dial';
    faults.push(['PEER_PUBLIC_ADDR', message]);
  }
  if (token === undefined) {
    faults.push(['PEER_TOKEN', 'must be set without ROSTER: whoever has it belongs to the trial ring']);
    return { faults };
  }
  const ring = boot ? ({ kind: 'member', token, boot } as const) : ({ kind: 'boot', token, ringSize } as const);
  return { configuration: { ...shared, ring }, faults };
}

/** PEER_ADDR with or without its port. Undefined: there is none, or it is at fault. */
function bootAddress(
  variables: { PEER_ADDR?: string | undefined; PEER_PORT?: number | undefined },
  faults: Fault[],
): Address | undefined {
  const { PEER_ADDR: text, PEER_PORT: port } = variables;
  if (text === undefined) {
    if (port !== undefined) faults.push(['PEER_PORT', 'means nothing without PEER_ADDR']);
    return undefined;
  }
  const whole = parseAddress(text);
  if (whole) {
    if (port !== undefined && port !== whole.port) faults.push(['PEER_PORT', 'another port than in PEER_ADDR']);
    return whole;
  }
  const isBareIpv6 = text.includes(':') && !text.startsWith('[');
  const parsed = parseAddress(`${isBareIpv6 ? `[${text}]` : text}:${port ?? BOOT_PORT}`);
  if (!parsed) faults.push(['PEER_ADDR', 'must be a host, or host:port']);
  return parsed;
}

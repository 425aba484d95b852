// "host:port" as rosters and settings write where a node listens; IPv6 in brackets.

/** Where a node listens. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** RFC 1035: a name has at most 253 characters. */
const MAX_HOST = 253;
const PATTERN = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/;

/** Undefined: not host:port with a port from 1 to 65,535. */
export function parseAddress(text: string): Address | undefined {
  const match = PATTERN.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || host.length > MAX_HOST || port < 1 || port > 65_535) return undefined;
  return { host, port };
}

/** What `parseAddress` reads. */
export function formatAddress(address: Address): string {
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

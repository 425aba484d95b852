// The client side of a ring socket: plain WebSocket to another receiver's port, before anything was said.

import { BlockList, isIP, isIPv6 } from 'node:net';
import WebSocket from 'ws';
import { FRAME_BYTES } from './frame.ts';
import { RING_SOCKET_PATH } from './upgrades.ts';

/** Addresses that reach nothing outside this machine. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
/** Addresses that mean "every address of this machine". */
const EVERY_ADDRESS = new Set(['0.0.0.0', '::']);

/**
 * Begins to connect. `from`: where this receiver listens; the connection comes from there too if it can, so that firewall rules and limits by
 * address mean the receiver and not whatever address the routes prefer. `limitMs` bounds the HTTP part; the hello has a limit of its own.
 */
export function dialSocket(
  address: { readonly host: string; readonly port: number },
  options: { readonly limitMs: number; readonly from: string | undefined },
): WebSocket {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const localAddress = sourceOf(options.from, address.host);
  return new WebSocket(`ws://${host}:${address.port}${RING_SOCKET_PATH}`, {
    // Compression would let small frames grow into large ones, and hashes and signatures do not shrink.
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES,
    handshakeTimeout: options.limitMs,
    followRedirects: false,
    ...(localAddress === undefined ? {} : { localAddress }),
  });
}

/**
 * `from`, if it is one address from which `host` can be reached. Undefined, and the routes decide: for a name, which may stand for either family;
 * for the other family; and where one of the two is a loopback address and the other is not, as behind a proxy or a tunnel.
 */
export function sourceOf(from: string | undefined, host: string): string | undefined {
  if (from === undefined || EVERY_ADDRESS.has(from) || isIP(from) === 0 || isIP(from) !== isIP(host)) return undefined;
  return isLoopback(from) === isLoopback(host) ? from : undefined;
}

function isLoopback(address: string): boolean {
  return LOOPBACK.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

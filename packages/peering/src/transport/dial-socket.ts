// The client side of a ring socket: plain WebSocket to another receiver's port, before anything was said.

import WebSocket from 'ws';
import { FRAME_BYTES } from './frame.ts';
import { RING_SOCKET_PATH } from './upgrades.ts';

/** Begins to connect. `limitMs` bounds the HTTP part; the hello has a limit of its own. */
export function dialSocket(address: { readonly host: string; readonly port: number }, limitMs: number): WebSocket {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return new WebSocket(`ws://${host}:${address.port}${RING_SOCKET_PATH}`, {
    // Compression would let small frames grow into large ones, and hashes and signatures do not shrink.
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES,
    handshakeTimeout: limitMs,
    followRedirects: false,
  });
}

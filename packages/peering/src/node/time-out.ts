// How long the node waits for an answer: the transport's time-out, and more for bytes that go or come beside the message.

import type { Message } from '../calls.ts';
import { msForBytes } from '../replication/settings.ts';
import type { TransportLimits } from '../transport/limits.ts';

/** What a disk may need besides, on a machine that is busy: the puts of a ring whose machines all are must not time out and begin anew. A guess. */
const DISK_MS = 4_000;
/** A put goes to the owner and from there to the replicas before it is answered. */
const PUT_TRANSFERS = 2;

/** For a reducer's own request, in milliseconds. A peer that is gone ends it sooner: the transport's pings find out. */
export function timeOutMs(request: Message, limits: Pick<TransportLimits, 'requestMs' | 'messageBytes'>): number {
  const sentMs = msForBytes(request.bytes?.length ?? 0);
  switch (request.t) {
    case 'store.put':
      return limits.requestMs + PUT_TRANSFERS * (DISK_MS + sentMs);
    case 'store.replicate':
      return limits.requestMs + DISK_MS + sentMs;
    case 'store.get':
      // How long the value is nobody knows before it comes.
      return limits.requestMs + msForBytes(limits.messageBytes);
    default:
      return limits.requestMs + sentMs;
  }
}

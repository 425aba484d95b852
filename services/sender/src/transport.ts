// How messages get to a receiver and what it answers: over HTTP (receiver-client.ts) or through a broker (mqtt/mqtt-transport.ts). Nothing
// here touches the outbox; delivery.ts does, with the answer.

import type { OutboxMessage } from './outbox.ts';
import type { ReceiverAnswer } from './receiver-answer.ts';

export interface Transport {
  /** Those of the messages that one request can carry, in their order. MUST NOT be none where there are any. */
  together(messages: readonly OutboxMessage[]): readonly OutboxMessage[];
  /** Sends messages that go together. Never rejects: that nobody answered is an answer. */
  send(request: { messages: readonly OutboxMessage[]; signal: AbortSignal }): Promise<ReceiverAnswer>;
  /** Called once no request is under way. */
  stop(): Promise<void>;
}

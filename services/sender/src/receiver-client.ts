// Readings over HTTP: one POST a batch. What its answer means stands in receiver-answer.ts.

import { encodeEnvelopes } from './envelope.ts';
import { readAnswer } from './receiver-answer.ts';
import { exchange, resourceUrl } from './receiver-http.ts';
import type { Transport } from './transport.ts';

/** @param options.timeoutMs for the whole exchange, answer included */
export function createReceiverClient(options: {
  receiverUrl: string;
  timeoutMs: number;
  nowMs: () => number;
}): Transport {
  const { receiverUrl, timeoutMs } = options;
  const url = resourceUrl(receiverUrl, 'receive_data');
  return {
    together: (messages) => messages,
    send: async ({ messages, signal }) => {
      const answer = await exchange({ url, body: encodeEnvelopes(messages), timeoutMs, signal });
      // Whether the receiver took the messages is unknown; sending them again gives the same receipts.
      if (answer.kind === 'unreachable') return { kind: 'later', reason: answer.reason, retryAfterMs: undefined };
      return readAnswer(answer, { count: messages.length, nowMs: options.nowMs() });
    },
    // Nothing stays open between two requests that would keep the process.
    stop: async () => undefined,
  };
}

// A client of GET /v1/events: what came so far, in order.

import { z } from 'zod';

const data = z.object({
  block_index: z.number(),
  hash: z.string(),
  log_size: z.number(),
  readings: z.number(),
  sealed_at: z.number(),
});
type BlockEvent = z.infer<typeof data>;

export interface EventReader {
  /** The next block; rejects when the stream ends before. */
  next(): Promise<BlockEvent>;
  /** Comments that came between the blocks so far. */
  readonly comments: number;
  /** Reads on until the stream ends; gives the blocks that still came. */
  rest(): Promise<BlockEvent[]>;
  /** Goes away. */
  close(): void;
}

/** Opens a stream; throws for an answer that is none. */
export async function openEvents(
  url: string,
  how: { query?: string; headers?: Record<string, string> } = {},
): Promise<EventReader> {
  const gone = new AbortController();
  const response = await fetch(`${url}/v1/events${how.query ?? ''}`, {
    headers: { accept: 'text/event-stream', ...how.headers },
    signal: gone.signal,
  });
  const { body } = response;
  if (response.headers.get('content-type') !== 'text/event-stream' || !body) {
    throw new Error(`the receiver answered ${response.status}: ${await response.text()}`);
  }
  const state = { comments: 0 };
  const blocks = blocksIn(body.pipeThrough(new TextDecoderStream()), state);
  return {
    get comments() {
      return state.comments;
    },
    async next() {
      const { done, value } = await blocks.next();
      if (done) throw new Error('the stream ended');
      return value;
    },
    async rest() {
      const found: BlockEvent[] = [];
      for await (const block of blocks) found.push(block);
      return found;
    },
    close: () => gone.abort(),
  };
}

async function* blocksIn(
  chunks: AsyncIterable<string>,
  state: { comments: number },
): AsyncGenerator<BlockEvent, undefined> {
  let text = '';
  for await (const chunk of chunks) {
    const parts = (text + chunk).split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const fields = new Map(part.split('\n').map((line) => [line.split(': ', 1)[0], line.replace(/^[^:]*: ?/, '')]));
      if (part.startsWith(':')) {
        state.comments++;
        continue;
      }
      const block = data.parse(JSON.parse(fields.get('data') ?? ''));
      if (fields.get('event') !== 'block' || fields.get('id') !== String(block.block_index)) {
        throw new Error(`not an event of a block: ${part}`);
      }
      yield block;
    }
  }
  return undefined;
}

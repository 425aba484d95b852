// A fixed number of places for work under way. Who finds none is told to come again; nobody waits in a line.

import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendFault } from './object-fault.ts';

export class Places {
  private free: number;

  constructor(places: number) {
    this.free = places;
  }

  /** Takes a place and gives what frees it again, once; undefined when all are taken. */
  take(): (() => void) | undefined {
    if (this.free <= 0) return undefined;
    this.free -= 1;
    let isTaken = true;
    return () => {
      if (isTaken) this.free += 1;
      isTaken = false;
    };
  }

  /** A hook that holds a place from now until the answer is over. */
  hold(): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
    return async (_request, reply) => {
      const release = this.take();
      if (!release) return sendOverloaded(reply);
      // Comes after every answer and every broken connection.
      reply.raw.once('close', release);
      return undefined;
    };
  }
}

/** The answer to who finds no place. */
export function sendOverloaded(reply: FastifyReply): FastifyReply {
  return sendFault(reply, { code: 'overloaded', message: 'too much is under way; ask again soon' });
}

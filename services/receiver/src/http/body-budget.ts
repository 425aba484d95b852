// Bounds the memory of requests by the bytes of their bodies: from the moment that a body is announced until its readings are durable.
// What a request says of its length is taken before a byte of it is read. How long a body may take to arrive is the server's to bound.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Budget } from './budget.ts';

/**
 * Bytes of bodies at one time, or two of the largest bodies if that is more. A guess: four of the largest bodies of the default configuration.
 * Bodies are followed by chunks, messages and the texts of an INSERT: with it full of readings of 65 kB the process grew by 430 MB
 * (measured, 60 requests of 7.9 MB; without it by 1.8 GB).
 */
const MIN_BODIES_BYTES = 32 * 1024 * 1024;

interface Reservation {
  readonly release: () => void;
  /** The body belongs to whoever works on it, also after the client has gone. */
  isAtWork: boolean;
}

export class BodyBudget {
  private readonly budget: Budget;
  private readonly maxBodyBytes: number;
  private readonly reservations = new WeakMap<IncomingMessage, Reservation>();

  constructor(maxBodyBytes: number) {
    this.maxBodyBytes = maxBodyBytes;
    this.budget = new Budget({
      amount: Math.max(MIN_BODIES_BYTES, 2 * maxBodyBytes),
      refusal: 'too many readings are arriving; send again soon',
    });
  }

  /** Makes room for a request's body, until its answer is over or `work` is done. Throws ReceiverError `overloaded`. */
  reserve(request: IncomingMessage, response: ServerResponse): void {
    const reservation = { release: this.budget.take(this.bytesOf(request)), isAtWork: false };
    this.reservations.set(request, reservation);
    // Comes after every answer and every broken connection.
    response.once('close', () => {
      if (!reservation.isAtWork) reservation.release();
    });
  }

  /** Does the work for which the body is needed. Its room is free once that has succeeded or failed. */
  async work<T>(request: IncomingMessage, work: () => Promise<T>): Promise<T> {
    const reservation = this.reservations.get(request);
    if (!reservation) throw new Error('a body without a reservation');
    reservation.isAtWork = true;
    try {
      return await work();
    } finally {
      reservation.release();
    }
  }

  private bytesOf({ headers }: IncomingMessage): number {
    const length = headers['content-length'];
    if (length === undefined) return headers['transfer-encoding'] === undefined ? 0 : this.maxBodyBytes;
    // A longer body is refused by its length and never read.
    return Number(length) > this.maxBodyBytes ? 0 : Number(length);
  }
}

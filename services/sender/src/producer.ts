// From readings to signed messages in the outbox: gives each reading its seq, signs the bytes, commits the batch. It decides neither
// when (schedule.ts) nor where they go (delivery.ts).

import { maxMessageBytes } from '@telltale/ledger';
import type { Outbox, SignedMessage } from './outbox.ts';
import { appendMember } from './sensors/json-member.ts';
import type { Reading, Sensor } from './sensors/sensor.ts';
import type { Signer } from './signer.ts';

export type ProducerStatus = Readonly<{
  /** Readings committed since the start. */
  produced: number;
  /** Readings that were due and not taken because the outbox was full, since the start. */
  skipped: number;
}>;

export class Producer {
  readonly #collaborators: { sensor: Sensor; signer: Signer; outbox: Outbox; outboxLimit: number };
  #produced = 0;
  #skipped = 0;

  constructor(collaborators: { sensor: Sensor; signer: Signer; outbox: Outbox; outboxLimit: number }) {
    this.#collaborators = collaborators;
  }

  status(): ProducerStatus {
    return { produced: this.#produced, skipped: this.#skipped };
  }

  /**
   * Takes at most `count` readings, as many as the outbox has room for. MUST NOT run twice at once: seq numbers are chosen before the
   * commit that claims them. A crash before that commit leaves the counters where they were, so no seq is ever used twice or left out.
   * @throws when signing or the commit fails; nothing is stored then, and the sensor gives the same readings again
   */
  async produce(count: number): Promise<void> {
    const { sensor, signer, outbox, outboxLimit } = this.#collaborators;
    const counts = outbox.counts();
    const room = Math.max(0, outboxLimit - counts.waiting - counts.deadLetters);
    const readings = sensor.read(Math.min(count, room));
    this.#skipped += Math.max(0, count - room);
    if (readings.length === 0) return;

    const nextSeqs = new Map<string, number>();
    const messages = await Promise.all(readings.map((reading) => this.#sign(this.#complete(reading, nextSeqs))));
    outbox.add({ key: signer.key, messages, nextSeqs });
    sensor.advance(readings.length);
    this.#produced += readings.length;
  }

  #complete(reading: Reading, nextSeqs: Map<string, number>): Uint8Array {
    const device = reading.sequenceOf;
    if (device === undefined) return reading.json;
    const seq = nextSeqs.get(device) ?? this.#collaborators.outbox.nextSeq(device);
    nextSeqs.set(device, seq + 1);
    return appendMember(reading.json, { name: 'seq', value: seq });
  }

  async #sign(message: Uint8Array): Promise<SignedMessage> {
    const signature = await this.#collaborators.signer.sign(message);
    if (message.length > maxMessageBytes(signature.length))
      throw new Error('a sensor gave a reading that no leaf can hold');
    return { message, signature };
  }
}

// A receiver stand-in, an outbox with messages {"n": 0} and on, and a delivery between them whose waits end by hand.

import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach } from 'vitest';
import { Delivery } from '../delivery.ts';
import { Enrolment } from '../enrolment.ts';
import { createEnrolmentClient } from '../enrolment-client.ts';
import { type KeyAlgorithm, loadDeviceKey } from '../key-file.ts';
import { openOutbox } from '../outbox.ts';
import { createReceiptCheck, trustLedger } from '../receipt-check.ts';
import { createReceiverClient } from '../receiver-client.ts';
import { createSigner } from '../signer.ts';
import { ManualDelay } from './manual-delay.ts';
import { ReceiverStandIn } from './receiver-stand-in.ts';
import { temporaryFolders } from './temporary-folder.ts';

const NOW_MS = Date.parse('2026-01-02T03:04:05Z');

type Options = {
  messages: number;
  algorithm?: KeyAlgorithm;
  batchLimit?: number;
  timeoutMs?: number;
  receiptsKept?: number;
  /** With a token. */
  isEnrolling?: boolean;
};

/** Called once in a test file. @returns makes a new set; what it starts is ended after each test */
export function deliveryParts() {
  const newFolder = temporaryFolders();
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  return async (options: Options) => {
    const folder = newFolder();
    const receiver = new ReceiverStandIn();
    await receiver.start();
    ends.push(() => receiver.stop());
    const outbox = openOutbox({
      file: join(folder, 'outbox.sqlite'),
      receiptsKept: options.receiptsKept ?? 1000,
      nowUs: () => NOW_MS * 1000,
    });
    const errorLines: string[] = [];
    ends.push(() => outbox.close());
    const algorithm = options.algorithm ?? 'ed25519';
    const signer = createSigner(await loadDeviceKey({ path: join(folder, 'key.pem'), algorithm }));
    const add = async (first: number, count: number) => {
      const messages = await Promise.all(
        Array.from({ length: count }, async (_, index) => {
          const message = Buffer.from(`{"n":  ${first + index}.0}`);
          return { message, signature: await signer.sign(message) };
        }),
      );
      outbox.add({ key: signer.key, messages, nextSeqs: new Map() });
    };
    await add(0, options.messages);
    const manual = new ManualDelay();
    const enrolment = new Enrolment({
      client: createEnrolmentClient({
        receiverUrl: receiver.url,
        token: receiver.desk.token,
        timeoutMs: 10_000,
        nowMs: () => NOW_MS,
      }),
      enrolments: outbox.enrolments,
      signer,
      receiverUrl: receiver.url,
      devices: ['fridge'],
      origin: undefined,
      backoff: { baseMs: 300, capMs: 60_000, random: () => 1 },
      refusalBackoff: { baseMs: 60_000, capMs: 3_600_000, random: () => 1 },
      delay: manual.delay,
      logger: pino({ level: 'silent' }),
    });
    const delivery = new Delivery({
      outbox,
      transport: createReceiverClient({
        receiverUrl: receiver.url,
        timeoutMs: options.timeoutMs ?? 10_000,
        nowMs: () => NOW_MS,
      }),
      checkReceipt: createReceiptCheck(
        trustLedger({ publicKeyBase64: receiver.ledgerPublicKeyBase64, origin: undefined }),
      ),
      enrolment: options.isEnrolling === true ? enrolment : undefined,
      batchLimit: options.batchLimit ?? 100,
      backoff: { baseMs: 500, capMs: 60_000, random: () => 1 },
      delay: manual.delay,
      nowUs: () => NOW_MS * 1000,
      logger: pino({ level: 'error' }, { write: (line) => void errorLines.push(line) }),
    });
    ends.push(() => delivery.stop());
    return {
      receiver,
      outbox,
      delivery,
      manual,
      add,
      keyIdHex: Buffer.from(signer.key.keyId).toString('hex'),
      errorLines,
    };
  };
}

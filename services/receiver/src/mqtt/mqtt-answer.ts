// What a device hears of a message: the JSON that the same body gets over HTTP, and the HTTP status as a property beside it.

import type { Receipt } from '@telltale/ledger';
import type { plainAnswer } from '../http/error-table.ts';
import { acceptedBody } from '../http/receive-data.ts';

export interface MqttAnswer {
  /** As HTTP's. */
  readonly status: number;
  readonly payload: string;
}

export function acceptance(receipts: Receipt[]): MqttAnswer {
  return { status: 200, payload: JSON.stringify(acceptedBody(receipts)) };
}

export function refusal(answer: Pick<ReturnType<typeof plainAnswer>, 'status' | 'body'>): MqttAnswer {
  return { status: answer.status, payload: JSON.stringify(answer.body) };
}

/** In place of receipts that the broker would not take. The readings stand: sent again in smaller messages, they get their receipts. */
export function tooLargeForBroker(): MqttAnswer {
  const message = 'the receipts are larger than the broker takes; send fewer readings in one message';
  return refusal({ status: 413, body: { status: 'error', message, errors: [] } });
}

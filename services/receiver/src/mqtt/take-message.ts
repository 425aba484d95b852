// What becomes of one message: an answer once its readings are durable or refused for good, and none for as long as neither is so. It knows
// nothing of the broker: broker-connection.ts acknowledges a message when its answer is there.

import type { Logger } from 'pino';
import { backoffMs } from '../backoff.ts';
import { plainAnswer } from '../http/error-table.ts';
import type { ReceiveBody } from '../ingest/receive-body.ts';
import { acceptance, type MqttAnswer, refusal } from './mqtt-answer.ts';
import type { MqttMetrics } from './mqtt-metrics.ts';

/** Tries after which a failure that may lie in the message itself is its answer: nothing behind it may wait for ever. A guess. */
const MAX_DUBIOUS_TRIES = 5;

interface TakenMessage {
  /** Undefined: its topic does not say. */
  readonly device: string | undefined;
  readonly body: Uint8Array;
}

export type TakeMessage = (message: TakenMessage, signal: AbortSignal) => Promise<MqttAnswer | undefined>;

/** Gives undefined, for a message that stays unacknowledged, only once the signal aborts. */
export function messageTaker(parts: {
  receive: ReceiveBody;
  maxBodyBytes: number;
  metrics: MqttMetrics;
  /** Ends early, and does not reject, when the signal aborts. */
  wait: (ms: number, signal: AbortSignal) => Promise<void>;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}): TakeMessage {
  const { receive, maxBodyBytes, metrics, wait, log } = parts;
  /** Messages that were refused for now and are tried again. */
  let waiting = 0;

  /** Bodies that nothing is asked about. */
  function refuseUnread({ device, body }: TakenMessage): MqttAnswer | undefined {
    if (device === undefined) {
      return refuse({
        status: 400,
        code: 'topic-malformed',
        message: 'the device in the topic is not percent-encoded',
      });
    }
    if (body.length <= maxBodyBytes) return undefined;
    return refuse({ status: 413, code: 'body-too-large', message: `a body has at most ${maxBodyBytes} bytes` });
  }

  function refuse({ status, code, message }: { status: number; code: string; message: string }): MqttAnswer {
    metrics.refused(code);
    return refusal({ status, body: { status: 'error', message, errors: [{ position: null, code, message }] } });
  }

  /** The answer of one try; undefined: refused for now. */
  async function tryOnce(message: TakenMessage, tries: number): Promise<MqttAnswer | undefined> {
    const { device = '', body } = message;
    try {
      // A copy each time: whoever verifies it takes its memory.
      return acceptance(await receive(new Uint8Array(body), { device }));
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const answer = plainAnswer(error);
      const isDubious = answer.kind === 'fatal' || answer.code === 'check-failed';
      if (answer.kind !== 'rejected' && !(isDubious && tries >= MAX_DUBIOUS_TRIES)) {
        metrics.retried();
        if (tries === 1 && waiting === 0) log.warn({ err: error, code: answer.code }, 'MQTT messages wait');
        return undefined;
      }
      if (isDubious) log.error({ err: error, code: answer.code }, 'MQTT message given up');
      metrics.refused(answer.code);
      return refusal(answer);
    }
  }

  async function tryAgain(message: TakenMessage, signal: AbortSignal): Promise<MqttAnswer | undefined> {
    waiting += 1;
    try {
      for (let tries = 2; !signal.aborted; tries += 1) {
        await wait(backoffMs(tries - 1, Math.random), signal);
        const answer = signal.aborted ? undefined : await tryOnce(message, tries);
        if (answer !== undefined) return answer;
      }
      return undefined;
    } finally {
      waiting -= 1;
      if (waiting === 0 && !signal.aborted) log.info({}, 'MQTT messages go on');
    }
  }

  return async (message, signal) => {
    metrics.taken();
    return refuseUnread(message) ?? (await tryOnce(message, 1)) ?? (await tryAgain(message, signal));
  };
}

// GET /validate_chain: the verdict in liotbchain's words and in fields. What is found is in validate/.

import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { mustAccept } from '../testing/post-readings.ts';
import { openStoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver } from '../testing/test-receiver.ts';
import { until } from '../testing/until.ts';
import type { ValidationReport } from '../validate/validate-chain.ts';
import { ValidationQueue } from '../validate/validation-queue.ts';
import { handleError } from './error-table.ts';
import { validateChainRoute } from './validate-chain.ts';

const SOUND: ValidationReport = { blocks: 1, leaves: 0, readings: 0, devices: 0, keys: 0, pending: 0 };

describe('GET /validate_chain', () => {
  it('says that a real chain is valid, and names block and leaf once a byte is altered', async () => {
    const receiver = await startTestReceiver({ variables: { TRANSACTIONS_PER_BLOCK: '1', BLOCK_MAX_WAIT_MS: '0' } });
    const stored = await openStoredLedger(receiver);
    const verdict = async () => (await fetch(`${receiver.url}/validate_chain`)).json();
    try {
      const device = makeDevice();
      for (const seq of [1, 2]) await mustAccept(receiver.url, device.envelope(`{"device":"Pi","seq":${seq}}`));
      await stored.untilSealed({ leaves: 3, pending: 0 });
      const counts = { blocks: 3, leaves: 3, readings: 2, devices: 1, keys: 1, pending: 0 };
      const message = 'The chain of 3 blocks is valid up to block 2';
      expect(await verdict()).toEqual({ status: 'success', valid: true, message, ...counts, fault: null });
      await stored.pool.query(
        'UPDATE leaves SET leaf = set_byte(leaf, 70, get_byte(leaf, 70) # 1) WHERE leaf_index = 2',
      );
      expect(await verdict()).toMatchObject({
        status: 'success',
        valid: false,
        message: expect.stringMatching(/^The chain is not valid: the first fault is in block 2 at leaf 2: /),
        fault: { code: 'signature', block_index: 2, leaf_index: 2 },
      });
    } finally {
      await stored.close();
      await receiver.stop();
    }
  });

  describe('with a validation of the test’s own', () => {
    let app: FastifyInstance | undefined;
    let lines: string[];
    afterEach(async () => {
      await app?.close();
    });

    async function start(validate: (signal: AbortSignal) => Promise<ValidationReport>): Promise<FastifyInstance> {
      lines = [];
      const loggerInstance: FastifyBaseLogger = pino({}, { write: (line: string) => lines.push(line) });
      app = fastify({ loggerInstance });
      app.setValidatorCompiler(validatorCompiler);
      app.setSerializerCompiler(serializerCompiler);
      app.setErrorHandler(handleError);
      validateChainRoute(app, new ValidationQueue(validate));
      await app.ready();
      return app;
    }

    it('ends the validation of a caller who goes away, logs no failure, and serves the next caller', async () => {
      const signals: AbortSignal[] = [];
      const server = await start((signal) => {
        signals.push(signal);
        if (signals.length > 1) return Promise.resolve(SOUND);
        return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      });
      const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/validate_chain`;
      const caller = new AbortController();
      const answer = fetch(url, { signal: caller.signal }).catch(() => 'gone');
      await until('the validation runs', () => signals.length === 1);
      caller.abort();
      expect(await answer).toBe('gone');
      await until('the validation is told', () => signals[0]?.aborted === true);
      expect((await fetch(url)).status).toBe(200);
      expect(lines.filter((line) => /request failed|refused/.test(line))).toEqual([]);
    });

    it('refuses a caller for whom there is no place with 503 and Retry-After', async () => {
      const { promise, resolve } = Promise.withResolvers<ValidationReport>();
      const server = await start(() => promise);
      // Without then() nothing is sent yet.
      const calls = Array.from({ length: 4 }, () => server.inject('/validate_chain').then((answer) => answer));
      const fifth = await server.inject('/validate_chain');
      expect(fifth.statusCode).toBe(503);
      expect(fifth.headers['retry-after']).toBeDefined();
      resolve(SOUND);
      for (const { statusCode } of await Promise.all(calls)) expect(statusCode).toBe(200);
    });

    it('answers 500 without details when a validation fails, and serves the next caller', async () => {
      let runs = 0;
      const server = await start(() =>
        ++runs === 1 ? Promise.reject(new Error('secret detail')) : Promise.resolve(SOUND),
      );
      const failed = await server.inject('/validate_chain');
      expect(failed.statusCode).toBe(500);
      expect(failed.body).not.toContain('secret detail');
      expect((await server.inject('/validate_chain')).statusCode).toBe(200);
    });
  });
});

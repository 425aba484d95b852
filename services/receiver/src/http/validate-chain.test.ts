// GET /validate_chain: the verdict in liotbchain's words and in fields. What is found is in validate/.

import fastify, { type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { afterEach, describe, expect, it } from 'vitest';
import { mustAccept } from '../testing/post-readings.ts';
import { openStoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver } from '../testing/test-receiver.ts';
import type { ValidationReport } from '../validate/validate-chain.ts';
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

  describe('with many callers', () => {
    let app: FastifyInstance | undefined;
    afterEach(async () => {
      await app?.close();
    });

    async function start(validate: () => Promise<ValidationReport>): Promise<FastifyInstance> {
      app = fastify();
      app.setValidatorCompiler(validatorCompiler);
      app.setSerializerCompiler(serializerCompiler);
      app.setErrorHandler(handleError);
      validateChainRoute(app, validate);
      await app.ready();
      return app;
    }

    it('runs one validation at a time, each begun after it was asked for, and refuses a fifth caller', async () => {
      let underWay = 0;
      let most = 0;
      const ends: (() => void)[] = [];
      const server = await start(async () => {
        most = Math.max(most, ++underWay);
        await new Promise<void>((resolve) => ends.push(resolve));
        underWay--;
        return SOUND;
      });
      const calls = Array.from({ length: 4 }, () =>
        server.inject('/validate_chain').then(({ statusCode }) => statusCode),
      );
      const fifth = await server.inject('/validate_chain');
      expect(fifth.statusCode).toBe(503);
      expect(fifth.headers['retry-after']).toBeDefined();
      for (let done = 0; done < 4; done++) {
        while (ends.length <= done) await new Promise(setImmediate);
        ends[done]?.();
        await calls[done];
      }
      expect(await Promise.all(calls)).toEqual([200, 200, 200, 200]);
      expect(most).toBe(1);
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

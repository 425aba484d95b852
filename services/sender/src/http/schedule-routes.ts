// POST /start_sending and /stop_sending: the ancestor's control of the schedule, with its names and defaults.

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Schedule } from '../schedule.ts';

/** Readings at one tick. A guess: signing a thousand RSA readings takes a second or two on a Raspberry Pi. */
const ITEMS_MAX = 1000;
/** Seconds. Below a hundredth the disk, not the schedule, sets the pace; a day is the longest that makes sense to a person. */
const INTERVAL_MIN_S = 0.01;
const INTERVAL_MAX_S = 86_400;

const startBody = z
  .object({
    number_of_items_to_send: z
      .int()
      .min(1)
      .max(ITEMS_MAX)
      .default(1)
      .describe('Readings at each interval. With SENSOR=command, the most waiting lines taken.'),
    interval_time: z
      .number()
      .min(INTERVAL_MIN_S)
      .max(INTERVAL_MAX_S)
      .default(2)
      .describe('Seconds between two batches; fractions are fine.'),
  })
  .meta({ examples: [{ number_of_items_to_send: 2, interval_time: 2 }] });

const outcome = z
  .object({ status: z.literal('success'), message: z.string() })
  .meta({ examples: [{ status: 'success', message: 'Started sending 2 items every 2 seconds' }] });

const failure = z
  .object({ status: z.literal('error'), message: z.string() })
  .meta({ examples: [{ status: 'error', message: 'interval_time: Too small: expected number to be >=0.01' }] });

export function registerScheduleRoutes(server: FastifyInstance, schedule: Schedule): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  routes.post(
    '/start_sending',
    {
      schema: {
        summary: 'Start sending readings, in place of the schedule that runs',
        tags: ['schedule'],
        body: startBody,
        response: { 200: outcome, 400: failure },
      },
    },
    async (request) => {
      const { number_of_items_to_send: count, interval_time: intervalS } = request.body;
      schedule.start({ count, intervalMs: intervalS * 1000 });
      return {
        status: 'success' as const,
        message: `Started sending ${count} items every ${intervalS} seconds`,
      };
    },
  );
  routes.post(
    '/stop_sending',
    {
      schema: {
        summary: 'Stop taking readings; what is in the outbox is still delivered',
        tags: ['schedule'],
        response: { 200: outcome },
      },
    },
    async () => {
      const wasRunning = await schedule.stop();
      return { status: 'success' as const, message: wasRunning ? 'Stopped sending' : 'Nothing was being sent' };
    },
  );
}

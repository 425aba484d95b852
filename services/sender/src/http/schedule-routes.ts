// POST /start_sending and /stop_sending: the ancestor's control of the schedule, with its names and defaults.

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { INTERVAL_MAX_S, INTERVAL_MIN_S, ITEMS_MAX, type Schedule } from '../schedule.ts';
import { failures, jsonAnswer } from './answers.ts';

export const startBody = z
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

export const outcome = z
  .object({ status: z.literal('success'), message: z.string() })
  .meta({ examples: [{ status: 'success', message: 'Started sending 2 items every 2 seconds' }] });

export function registerScheduleRoutes(server: FastifyInstance, schedule: Schedule): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  routes.post(
    '/start_sending',
    {
      schema: {
        summary: 'Start sending readings, in place of the schedule that runs',
        tags: ['schedule'],
        body: startBody,
        response: {
          200: jsonAnswer(outcome, 'The schedule runs.'),
          ...failures({ 400: 'interval_time: Too small: expected number to be >=0.01' }),
        },
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
        response: { 200: jsonAnswer(outcome, 'No schedule runs.'), ...failures({}) },
      },
    },
    async () => {
      const wasRunning = await schedule.stop();
      return { status: 'success' as const, message: wasRunning ? 'Stopped sending' : 'Nothing was being sent' };
    },
  );
}

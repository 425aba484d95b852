// The error answer of the plain face, as liotbchain gave it, with the items that are at fault.

import { z } from 'zod';

export const plainError = z
  .object({
    status: z.literal('error'),
    message: z.string(),
    errors: z.array(
      z.object({
        position: z
          .number()
          .nullable()
          .describe('Place of the item in the request, from 0; null: the request as a whole.'),
        code: z.string(),
        message: z.string(),
      }),
    ),
  })
  .meta({ id: 'PlainError' });

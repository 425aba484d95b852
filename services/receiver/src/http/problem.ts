// The error answer of everything newer than liotbchain's paths: RFC 9457.

import { z } from 'zod';

export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string().describe('Stable, for programs.'),
});

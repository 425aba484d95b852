// The error answer of everything newer than liotbchain's paths: RFC 9457. error-table.ts makes it; this is its shape in the OpenAPI document.

import { z } from 'zod';

export const problem = z
  .object({
    type: z.string().describe('about:blank: `code` says which kind of problem it is.'),
    title: z.string().describe('The status in words.'),
    status: z.number(),
    detail: z.string().describe('What is wrong here and what helps, for people.'),
    code: z.string().describe('Stable, for programs.'),
  })
  .meta({ id: 'Problem' });

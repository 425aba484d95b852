// Requests to a receiver that is a witness, and what it says of itself.

import { z } from 'zod';

const report = z.object({
  name: z.string(),
  verifier_key: z.string(),
  logs: z.array(
    z.object({
      origin: z.string(),
      size: z.number(),
      checkpoint: z.string().nullable(),
      forks: z.number(),
      rollbacks: z.number(),
      unproven: z.number(),
    }),
  ),
});

/** POST /add-checkpoint with a body as it is. */
export async function addCheckpoint(
  url: string,
  body: string,
): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

/** GET /v1/witness. */
export async function witnessOf(url: string): Promise<z.infer<typeof report>> {
  return report.parse(await (await fetch(`${url}/v1/witness`)).json());
}

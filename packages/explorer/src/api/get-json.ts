// Asking the receiver: its answers parsed, its refusals as errors with their code (problem+json, RFC 9457).

import * as z from 'zod/mini';

/** The receiver refused, or answered something that is no answer of its own. `code` is that of its problem+json. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, { code, title }: { code: string; title: string }) {
    super(title);
    this.status = status;
    this.code = code;
  }
}

const problem = z.object({ code: z.string(), title: z.string() });
const UNKNOWN_PROBLEM = { code: 'unknown', title: 'the receiver gave no answer that this page understands' };

/** GETs a path of the receiver that served the page. Rejects with ApiError, or as `fetch` does when it cannot be reached. */
export async function getJson<Answer>(
  schema: z.ZodMiniType<Answer>,
  path: string,
  signal?: AbortSignal,
): Promise<Answer> {
  const response = await get(path, { accept: 'application/json', signal });
  return schema.parse(await response.json());
}

/** The same for bytes. */
export async function getBytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await get(path, { accept: 'application/octet-stream', signal });
  return new Uint8Array(await response.arrayBuffer());
}

/** As `load` gives it, or undefined for a 404. */
export async function unlessMissing<Answer>(load: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await load;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

async function get(path: string, how: { accept: string; signal: AbortSignal | undefined }): Promise<Response> {
  const response = await fetch(path, { headers: { accept: how.accept }, signal: how.signal ?? null });
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => undefined);
  const parsed = problem.safeParse(body);
  throw new ApiError(response.status, parsed.success ? parsed.data : UNKNOWN_PROBLEM);
}

// An answer that says no: RFC 9457 problem+json, or the errors of liotbchain's paths, or whatever a proxy before the receiver says.

/** Characters kept of what a stranger says. A guess at what a person still reads. */
const MAX_DETAIL_CHARACTERS = 500;

export class ProblemError extends Error {
  /** What was asked. */
  readonly url: string;
  /** HTTP status, 400 or more. */
  readonly status: number;
  /** The receiver's own code; undefined where the answer is no problem+json, perhaps of something else than a receiver. */
  readonly code: string | undefined;
  /** What is wrong, for people; the status in words where nobody says more. */
  readonly detail: string;
  /** As the header stands: seconds, or a date. */
  readonly retryAfter: string | null;
  /** The whole answer as JSON; undefined where it is none. */
  readonly body: unknown;

  /** `text`: the body of the answer. */
  constructor({ url, answer, text }: { url: string; answer: Response; text: string }) {
    const body = jsonOf(text);
    const said = textOf(body, 'detail') ?? textOf(body, 'message') ?? textOf(body, 'title') ?? answer.statusText;
    const detail = said.slice(0, MAX_DETAIL_CHARACTERS);
    super(`${url} answered ${answer.status}: ${detail}`);
    this.name = 'ProblemError';
    this.url = url;
    this.status = answer.status;
    this.code = textOf(body, 'code');
    this.detail = detail;
    this.retryAfter = answer.headers.get('retry-after');
    this.body = body;
  }
}

function textOf(body: unknown, name: string): string | undefined {
  const value: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON: the status is all there is.
    return undefined;
  }
}

// How a route tells the OpenAPI document what it answers. Nothing here makes an answer.

import { STATUS_CODES } from 'node:http';
import { z } from 'zod';

/** A sentence as example, by status. */
type Sentences = Readonly<Record<number, string>>;
type Fault = Readonly<{ status: number; title: string; sentence: string }>;

export const problem = z.object({ type: z.string(), title: z.string(), status: z.number(), detail: z.string() });
export const failure = z.object({ status: z.literal('error'), message: z.string() });

/** An answer in JSON. */
export function jsonAnswer<Schema extends z.ZodType>(schema: Schema, description: string) {
  return { description, content: { 'application/json': { schema } } };
}

/** Errors under /v1 (RFC 9457), to be spread into a route's `response`. */
export function problems(sentences: Sentences): object {
  return errorAnswers(sentences, ({ status, title, sentence: detail }) => ({
    'application/problem+json': {
      schema: problem.meta({ examples: [{ type: 'about:blank', title, status, detail }] }),
    },
  }));
}

/** Errors of all other paths, as liotbchain gave them. */
export function failures(sentences: Sentences): object {
  return errorAnswers(sentences, ({ sentence: message }) => ({
    'application/json': { schema: failure.meta({ examples: [{ status: 'error', message }] }) },
  }));
}

/** Every route may fail. */
function errorAnswers(sentences: Sentences, contentOf: (fault: Fault) => object): object {
  const all: Sentences = { ...sentences, 500: 'the sender failed; its log says why' };
  const answers = Object.entries(all).map(([status, sentence]) => {
    const title = STATUS_CODES[status] ?? 'Error';
    return [status, { description: title, content: contentOf({ status: Number(status), title, sentence }) }];
  });
  return Object.fromEntries(answers);
}

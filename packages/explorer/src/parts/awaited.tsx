// What a page shows for an answer that is under way, missing or refused.

import type { ComponentChildren } from 'preact';
import { ApiError } from '../api/get-json.ts';
import type { Answer } from '../use-answer.ts';

/** `missing`: what a 404 means here. */
export function Awaited<Value>(props: {
  answer: Answer<Value>;
  missing?: string;
  children: (value: Value) => ComponentChildren;
}) {
  const { answer, missing, children } = props;
  switch (answer.kind) {
    case 'loading':
      return (
        <p class="quiet" aria-busy="true">
          Loading …
        </p>
      );
    case 'failed':
      return (
        <p class="notice bad" role="alert">
          {failureText(answer.error, missing)}
        </p>
      );
    case 'ready':
      return <>{children(answer.value)}</>;
    default:
      return answer satisfies never;
  }
}

/** One sentence for a person. */
function failureText(error: unknown, missing?: string): string {
  if (error instanceof ApiError) {
    if (error.status === 404 && missing !== undefined) return missing;
    return `The receiver refused: ${error.message}.`;
  }
  // What `fetch` rejects with when nobody answers.
  if (error instanceof TypeError && /fetch|network|load failed/i.test(error.message)) {
    return 'The receiver cannot be reached.';
  }
  return `This cannot be shown: ${error instanceof Error ? error.message : String(error)}.`;
}

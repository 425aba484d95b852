// What a page waits for: asked when it opens and when something changes, forgotten when it closes.

import { useEffect, useRef, useState } from 'preact/hooks';
import { Asking } from './asking.ts';

export type Answer<Value> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready'; readonly value: Value }
  | { readonly kind: 'failed'; readonly error: unknown };

/**
 * `load` is called when the subject, which is what it is about, or one of `keys` changes (compared with Object.is). A new subject begins with
 * `loading`; what was there stays until a new key's answer comes.
 */
export function useAnswer<Value>(
  load: (signal: AbortSignal) => Promise<Value>,
  { subject, keys = [] }: { subject: string; keys?: readonly unknown[] },
): Answer<Value> {
  const [state, setState] = useState<{ subject: string; answer: Answer<Value> }>();
  const asking = useRef<Asking<Value> | null>(null);
  useEffect(() => {
    const begun = new Asking<Value>({
      onValue: (value) => setState({ subject, answer: { kind: 'ready', value } }),
      onError: (error) => setState({ subject, answer: { kind: 'failed', error } }),
    });
    asking.current = begun;
    return () => begun.end();
  }, [subject]);
  useEffect(() => asking.current?.ask(load), [subject, ...keys]);
  return state?.subject === subject ? state.answer : { kind: 'loading' };
}

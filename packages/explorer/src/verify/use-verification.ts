// One verification at a time, in a worker of its own that ends with it; a new one, or leaving the page, ends the one before.

import { useEffect, useRef, useState } from 'preact/hooks';
import type { VerifyMessage, VerifyProgress, VerifyRequest } from './protocol.ts';

export type Verification =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly request: VerifyRequest; readonly progress?: VerifyProgress }
  | {
      readonly kind: 'done';
      readonly request: VerifyRequest;
      readonly outcome: Exclude<VerifyMessage, VerifyProgress>;
    };

export function useVerification(): { state: Verification; start(request: VerifyRequest): void; stop(): void } {
  const [state, setState] = useState<Verification>({ kind: 'none' });
  const ready = useRef<Worker | null>(null);
  // Started before it is needed: its program is here then, also for whoever goes offline before a file is checked.
  const renew = () => {
    ready.current?.terminate();
    ready.current = new Worker(new URL('./verify-worker.ts', import.meta.url), { type: 'module' });
  };
  useEffect(() => {
    renew();
    return () => ready.current?.terminate();
  }, []);
  return {
    state,
    start(request) {
      if (state.kind === 'running') renew();
      const worker = ready.current;
      if (!worker) return;
      setState({ kind: 'running', request });
      const end = (outcome: Exclude<VerifyMessage, VerifyProgress>) => {
        setState({ kind: 'done', request, outcome });
        renew();
      };
      worker.addEventListener('message', ({ data }: MessageEvent<VerifyMessage>) => {
        if (data.kind === 'progress') setState({ kind: 'running', request, progress: data });
        else end(data);
      });
      worker.addEventListener('error', () => end({ kind: 'failed', message: 'the worker that verifies failed' }));
      worker.postMessage(request);
    },
    stop() {
      renew();
      setState({ kind: 'none' });
    },
  };
}

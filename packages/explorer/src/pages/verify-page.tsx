// Verifying, here and now: the whole chain of this receiver, or a file that somebody kept.

import { useState } from 'preact/hooks';
import type { LedgerAnswer } from '../api/ledger.ts';
import { Page } from '../parts/page.tsx';
import { DropZone } from '../verify/drop-zone.tsx';
import type { VerifyRequest } from '../verify/protocol.ts';
import { useVerification } from '../verify/use-verification.ts';
import { VerificationView } from '../verify/verification-view.tsx';

export function VerifyPage({ ledger }: { ledger: LedgerAnswer }) {
  const { state, start, stop } = useVerification();
  const [key, setKey] = useState('');
  const told = key.trim() === '' ? {} : { verifierKey: key.trim() };
  const isRunning = (kind: VerifyRequest['kind']) => state.kind === 'running' && state.request.kind === kind;
  const view = (kind: VerifyRequest['kind']) =>
    state.kind !== 'none' && state.request.kind === kind && <VerificationView state={state} ledger={ledger} />;
  return (
    <Page title="Verify">
      <p class="lead">
        Every signature, hash, root and link is computed again from the bytes, by this browser. Nothing is sent
        anywhere.
      </p>
      <p>
        <label for="key">Verifier key that you trust</label>{' '}
        <span class="quiet">(from elsewhere; may be left empty)</span>
        <input
          id="key"
          class="wide"
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
          placeholder={ledger.verifier_key}
          autocomplete="off"
          spellcheck={false}
        />
      </p>
      <section>
        <h2>The whole chain</h2>
        <p class="buttons">
          <button
            type="button"
            class="main"
            disabled={isRunning('ledger')}
            onClick={() => start({ kind: 'ledger', ...told })}
          >
            Verify in this browser
          </button>
          {isRunning('ledger') && (
            <button type="button" onClick={stop}>
              Stop
            </button>
          )}
        </p>
        {view('ledger')}
      </section>
      <section>
        <h2>A file</h2>
        <DropZone onFile={(file) => start({ kind: 'file', file, ledgerVerifierKey: ledger.verifier_key, ...told })} />
        {view('file')}
      </section>
      <p class="quiet">
        This page itself comes from the receiver. Whoever does not trust it runs the same check elsewhere:{' '}
        <code>telltale verify</code>.
      </p>
    </Page>
  );
}

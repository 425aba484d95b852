// How a request of ours ends when no answer came.

import type { CallFailure } from '../calls.ts';

/** The error of `request`. `why` is what reducers are told. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly code = 'call-failed';
  readonly why: CallFailure;

  constructor(why: CallFailure, message: string) {
    super(message);
    this.why = why;
  }
}

// Why a request has no answer that can be used. An answer that says no is a ProblemError.

export type ExchangeErrorCode =
  /** No connection, or it broke; whether the receiver took the request is unknown. */
  | 'unreachable'
  /** No whole answer in time; whether the receiver took the request is unknown. */
  | 'timed-out'
  /** The caller's signal ended it. */
  | 'stopped'
  /** The answer is longer than the caller allows. */
  | 'answer-too-long'
  /** The answer is not what this API answers. */
  | 'answer-malformed';

/** `message` is for people and names no URL; `cause` is what the platform said, where it said something. */
export class ExchangeError extends Error {
  readonly code: ExchangeErrorCode;

  constructor(code: ExchangeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ExchangeError';
    this.code = code;
  }
}

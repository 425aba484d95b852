// The one error of this service that ends a start: something only the operator can put right. main.ts prints its message as
// one line, without a stack, and exits with 1.

/** What stopped the start; one literal per cause, so that tests and main.ts never compare messages. */
export type StartErrorCode = 'config' | 'key-file' | 'outbox' | 'sensor' | 'port-in-use' | 'listen';

export class StartError extends Error {
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StartError';
    this.code = code;
  }
}

// The part of a pino logger that this package needs: fields first, then a constant message.

/** Where changes of state are reported. A pino logger fits as it is. */
export type DatabaseLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

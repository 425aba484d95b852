// The log as a plugin sees it: what pino's loggers are, and no more.

/** One line for a change of state: fields (an error as `err`), and a constant message. */
export interface PluginLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

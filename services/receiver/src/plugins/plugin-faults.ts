// What plugins do wrong: counted always, logged when it begins and when it ends. Nothing that a plugin throws goes further than here.

import type { Logger } from 'pino';

/** Where a plugin of the receiver can fail. */
export type PluginCall =
  | 'onListening'
  | 'onReading'
  | 'onBlock'
  | 'onQuery'
  | 'untilReplicated'
  | 'metrics'
  | 'route'
  | 'stop'
  /** Not the plugin's own: what its blocks are read from. */
  | 'readBlocks';

export class PluginFaults {
  private readonly log: Pick<Logger, 'info' | 'warn'>;
  private readonly count: (call: PluginCall) => void;
  /** What each call last failed with; absent while it goes well. */
  private readonly failing = new Map<PluginCall, string>();

  /** `log`: tagged with the plugin's name. */
  constructor(context: { log: Pick<Logger, 'info' | 'warn'>; count: (call: PluginCall) => void }) {
    this.log = context.log;
    this.count = context.count;
  }

  /** A call failed. */
  note(call: PluginCall, err: unknown): void {
    this.count(call);
    const failure = err instanceof Error ? err.message : String(err);
    if (this.failing.get(call) === failure) return;
    this.failing.set(call, failure);
    this.log.warn({ call, err }, 'plugin failed');
  }

  /** A call succeeded. */
  clear(call: PluginCall): void {
    if (this.failing.delete(call)) this.log.info({ call }, 'plugin goes on');
  }

  /** What `work` gives, or undefined where it throws, at once or later. Never rejects. */
  async guard<Value>(call: PluginCall, work: () => Promise<Value> | Value): Promise<Value | undefined> {
    try {
      const value = await work();
      this.clear(call);
      return value;
    } catch (error) {
      this.note(call, error);
      return undefined;
    }
  }
}

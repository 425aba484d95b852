// What happens to objects on this node, for whoever wants to hear of it: the hooks of flowchain-ledger as events.
// Flowchain's onmessage is `stored`, its onquery is `read`, its ondata is `data`; its onstart is the plugin's start, its onedge the plugin's onBlock.

import type { NodeId } from '../node-id.ts';
import type { StorageReceipt } from '../replication/storage-receipt.ts';

/**
 * `stored`: an object was submitted through this node, and a majority of its replicas has it. `read`: one was read through this node, and found.
 * `data`: a device sent a frame to /object/{id}/send of this node. What other nodes do is not heard of here.
 */
export interface ObjectEvents {
  stored: { readonly key: NodeId; readonly sizeBytes: number; readonly receipts: readonly StorageReceipt[] };
  read: { readonly key: NodeId; readonly sizeBytes: number };
  data: { readonly id: string; readonly frame: Uint8Array; readonly isText: boolean };
}

type Listeners = { readonly [Name in keyof ObjectEvents]: Set<(event: ObjectEvents[Name]) => void> };

export class ObjectHooks {
  private readonly listeners: Listeners = { stored: new Set(), read: new Set(), data: new Set() };
  private readonly onFailure: (error: unknown) => void;

  /** `onFailure` is handed what a listener throws: it undoes nothing, and the other listeners are called all the same. */
  constructor(onFailure: (error: unknown) => void) {
    this.onFailure = onFailure;
  }

  /** Calls `listener` whenever it happens, at once, so it must not compute for long. What is returned ends that. */
  on<Name extends keyof ObjectEvents>(name: Name, listener: (event: ObjectEvents[Name]) => void): () => void {
    this.listeners[name].add(listener);
    return () => this.listeners[name].delete(listener);
  }

  /** Calls all listeners of `name`. Never throws. */
  emit<Name extends keyof ObjectEvents>(name: Name, event: ObjectEvents[Name]): void {
    for (const listener of this.listeners[name]) {
      try {
        listener(event);
      } catch (error) {
        this.onFailure(error);
      }
    }
  }
}

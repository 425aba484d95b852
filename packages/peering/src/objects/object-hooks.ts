// What happens to objects on this node, for whoever wants to hear of it: the hooks of flowchain-ledger as events.
// Flowchain's onmessage is `stored`, its onquery is `read`, its ondata is `data`; its onstart is the plugin's start, its onedge the plugin's onBlock.

import { EventEmitter } from 'node:events';
import type { NodeId } from '../node-id.ts';
import type { StorageReceipt } from '../replication/storage-receipt.ts';

/**
 * `stored`: an object was submitted through this node, and a majority of its replicas has it. `read`: one was read through this node, and found.
 * `data`: a device sent a frame to /object/{id}/send of this node. What other nodes do is not heard of here.
 */
export interface ObjectEvents {
  stored: [{ readonly key: NodeId; readonly sizeBytes: number; readonly receipts: readonly StorageReceipt[] }];
  read: [{ readonly key: NodeId; readonly sizeBytes: number }];
  data: [{ readonly id: string; readonly frame: Uint8Array; readonly isText: boolean }];
}

export class ObjectHooks {
  private readonly emitter = new EventEmitter<ObjectEvents>();
  private readonly onFailure: (error: unknown) => void;

  /** `onFailure` is handed what a listener throws: it undoes nothing, and the other listeners are called all the same. */
  constructor(onFailure: (error: unknown) => void) {
    this.onFailure = onFailure;
  }

  /** Calls `listener`, in the order of `on`, whenever it happens; the result ends that. */
  on<Name extends keyof ObjectEvents>(name: Name, listener: (...event: ObjectEvents[Name]) => void): () => void {
    const guarded = (...event: ObjectEvents[Name]): void => {
      try {
        listener(...event);
      } catch (error) {
        this.onFailure(error);
      }
    };
    this.emitter.on<keyof ObjectEvents>(name, guarded);
    return () => this.emitter.off<keyof ObjectEvents>(name, guarded);
  }

  emit<Name extends keyof ObjectEvents>(name: Name, ...event: ObjectEvents[Name]): void {
    this.emitter.emit<keyof ObjectEvents>(name, ...event);
  }
}

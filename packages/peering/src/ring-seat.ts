// The ring as the parts of this receiver see it, whether its node runs at the moment or not: before the receiver listens, while another receiver
// of the database is the node, and after a lost connection to it there is none, and everything fails as it does without a ring.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Contact, Message } from './calls.ts';
import type { RingView } from './chord/index.ts';
import type { Ring, Stored } from './node/ring.ts';
import type { RingCounts } from './node/ring-counts.ts';
import type { RingNode } from './node/ring-node.ts';
import type { NodeId } from './node-id.ts';
import { valueItem } from './replication/stored-item.ts';
import { CallFailed } from './transport/call-failed.ts';
import { refuseUpgrade } from './transport/upgrades.ts';

/** `standby`: this receiver is not the ring's node of its database. `outside`: it is, but not in the ring now. */
export type Standing = 'standby' | 'outside' | 'member';

type Handler = (from: NodeId, message: Message) => Promise<Message>;

const NOT_STORED: Stored = { outcome: 'failed', receipts: [] };

export class RingSeat implements Ring {
  readonly self: NodeId;
  private readonly handlers = new Map<string, Handler>();
  private node: RingNode | undefined;
  /** Where it listens, or is going to. */
  private contact: Contact;

  constructor(contact: Contact) {
    this.self = contact.id;
    this.contact = contact;
  }

  get standing(): Standing {
    if (!this.node) return 'standby';
    return this.node.view().mode === 'member' ? 'member' : 'outside';
  }

  /** This node is the ring's from now on; it is not started yet. */
  take(node: RingNode, contact: Contact): void {
    for (const [prefix, handler] of this.handlers) node.serve(prefix, handler);
    this.contact = contact;
    this.node = node;
  }

  /** The node that was there, for its caller to end. */
  leave(): RingNode | undefined {
    const { node } = this;
    this.node = undefined;
    return node;
  }

  takeUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.node) this.node.takeUpgrade(request, socket, head);
    else refuseUpgrade(socket, 503);
  }

  counts(): RingCounts | undefined {
    return this.node?.counts();
  }

  view(): RingView {
    const none = { mode: 'forming', predecessor: null, successors: [], fingers: [] } as const;
    return this.node?.view() ?? { self: this.contact, ...none };
  }

  peers(): readonly NodeId[] {
    return this.node?.peers() ?? [];
  }

  async putValue(bytes: Uint8Array): ReturnType<Ring['putValue']> {
    return this.node?.putValue(bytes) ?? { key: valueItem(bytes).key, ...NOT_STORED };
  }

  async putRecord(bytes: Uint8Array): Promise<Stored> {
    return this.node?.putRecord(bytes) ?? NOT_STORED;
  }

  async getValue(key: NodeId): ReturnType<Ring['getValue']> {
    return this.node?.getValue(key) ?? 'unavailable';
  }

  async getRecords(key: NodeId): ReturnType<Ring['getRecords']> {
    return this.node?.getRecords(key) ?? { records: [], isMajority: false };
  }

  async ask(to: NodeId, message: Message, options: { timeoutMs?: number } = {}): Promise<Message> {
    if (!this.node) throw new CallFailed('unreachable', 'this receiver is not in a ring');
    return this.node.ask(to, message, options);
  }

  serve(prefix: string, handler: Handler): void {
    this.handlers.set(prefix, handler);
  }
}

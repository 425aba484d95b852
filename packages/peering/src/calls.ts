// How the parts that decide speak with other nodes: requests that each end exactly once, in a reply or a failure. Who carries them (transport,
// simulator) owns the time-out; who sent a frame is what the transport proved, never what the frame says.

import type { NodeId } from './node-id.ts';

/** A node and where it listens. */
export interface Contact {
  readonly id: NodeId;
  readonly host: string;
  readonly port: number;
}

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** What one node asks of another, and what it answers. `t` names the kind; body is checked by whoever handles it; bytes travel beside it as they are. */
export interface Message {
  readonly t: string;
  readonly body: Json;
  readonly bytes?: Uint8Array;
}

/** Why a request has no reply. `refused`: it arrived, and the other node rejected it as malformed, not allowed or too much. */
export type CallFailure = 'timeout' | 'unreachable' | 'refused';

/** Numbers that a part gives to its own requests; unique within that part and node. */
export type CallNumber = number;

/** Effects: ask another node; answer a request that came in; wake me. A timer of the same name replaces the one that runs. */
export type CallEffect = {
  readonly kind: 'call';
  readonly call: CallNumber;
  readonly to: Contact;
  readonly request: Message;
};
export type AnswerEffect = { readonly kind: 'answer'; readonly re: string; readonly reply: Message };
export type TimerEffect = { readonly kind: 'timer'; readonly name: string; readonly afterMs: number };

/** Events: the end of a request of ours; a request of a node that the transport has authenticated; a timer that ran out. */
export type ReplyEvent = { readonly kind: 'reply'; readonly call: CallNumber; readonly reply: Message };
export type FailedEvent = { readonly kind: 'failed'; readonly call: CallNumber; readonly why: CallFailure };
export type RequestEvent = {
  readonly kind: 'request';
  readonly re: string;
  readonly from: NodeId;
  readonly request: Message;
};
export type TimerEvent = { readonly kind: 'timer'; readonly name: string };

// A peer that speaks the wire by hand, and so may say anything: what the hostile tests are made of. It checks nothing of what it hears.

import WebSocket from 'ws';
import type { Contact, Json } from '../../calls.ts';
import { freshNonce, helloText } from '../hello.ts';
import { formatNodeKey, type NodeIdentity, parseNodeKey } from '../node-identity.ts';
import { RING_SOCKET_PATH } from '../upgrades.ts';
import { RING } from './test-nodes.ts';

/** A frame as it came, unchecked. */
export interface RawFrame {
  readonly id: number;
  readonly re?: number;
  readonly t: string;
  readonly body: unknown;
}

export class RawPeer {
  readonly frames: RawFrame[] = [];
  readonly socket: WebSocket;
  closeCode: number | undefined;
  private readonly identity: NodeIdentity;
  private readonly ring: string;
  private lastId = 0;

  /** `ring`: that of the test nodes if none is given. */
  constructor(to: Contact, identity: NodeIdentity, options: WebSocket.ClientOptions & { readonly ring?: string } = {}) {
    this.identity = identity;
    this.ring = options.ring ?? RING;
    this.socket = new WebSocket(`ws://${to.host}:${to.port}${RING_SOCKET_PATH}`, options);
    this.socket.on('message', (data, isBinary) => {
      if (!isBinary) this.frames.push(JSON.parse(String(data)));
    });
    this.socket.on('close', (code) => {
      this.closeCode = code;
    });
    // Every end of a raw peer is seen in closeCode.
    this.socket.on('error', () => undefined);
  }

  /** The first frame of this kind, now or later. */
  async heard(t: string): Promise<RawFrame> {
    for (;;) {
      const frame = this.frames.find((one) => one.t === t);
      if (frame) return frame;
      if (this.closeCode !== undefined) throw new Error(`closed with ${this.closeCode} before ${t}`);
      await new Promise<void>((resolve) => {
        this.socket.once('message', () => setImmediate(resolve));
        this.socket.once('close', () => setImmediate(resolve));
      });
    }
  }

  /** Sends a frame; `changes` replace any of its members. Gives its id. */
  say(t: string, body: Json, changes: Record<string, Json> = {}): number {
    this.lastId++;
    this.socket.send(JSON.stringify({ v: 1, id: this.lastId, t, from: this.identity.id, ts: 1, body, ...changes }));
    return this.lastId;
  }

  /** The answer that a well-meaning dialler gives to the node's challenge. */
  async answerBody(signer = this.identity): Promise<{ ring: string; key: string; nonce: string; signature: string }> {
    const challenge = await this.heard('hello.challenge');
    const { key, nonce: acceptorNonce } = readChallenge(challenge.body);
    const nonce = freshNonce();
    const terms = { ring: this.ring, dialer: this.identity.id, acceptor: key.id, dialerNonce: nonce, acceptorNonce };
    const signature = Buffer.from(signer.sign(helloText(terms, 'dialer'))).toString('base64');
    return { ring: this.ring, key: formatNodeKey(this.identity), nonce, signature };
  }

  /** Says hello as it should be said. */
  async hello(): Promise<this> {
    this.say('hello.answer', await this.answerBody());
    await this.heard('hello.welcome');
    return this;
  }

  close(): void {
    this.socket.terminate();
  }
}

function readChallenge(body: unknown) {
  if (typeof body !== 'object' || body === null || !('key' in body) || !('nonce' in body))
    throw new Error('no challenge');
  const key = parseNodeKey(String(body.key));
  if (!key) throw new Error('no key in the challenge');
  return { key, nonce: String(body.nonce) };
}

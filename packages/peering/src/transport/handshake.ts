// Runs the hello on a socket that has just begun. Nothing else is accepted before it is over; each side ends a socket whose hello fails.

import type { Json } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { Clock } from './clock.ts';
import type { Refusal } from './counters.ts';
import type { Frame } from './frame.ts';
import type { FrameSocket } from './frame-socket.ts';
import {
  type Challenge,
  challengeBody,
  freshNonce,
  HELLO,
  helloText,
  parseAnswer,
  parseChallenge,
  parseWelcome,
  signHello,
  verifyHello,
} from './hello.ts';
import type { NodeIdentity, NodePublicKey } from './node-identity.ts';

/** The end of a hello: who is there, or not. `done` runs at once with the frame that ended it, so that no later frame is missed. */
interface HelloOutcome {
  readonly done: (peer: NodePublicKey, ring: string) => void;
  readonly failed: () => void;
}

interface HelloOptions extends HelloOutcome {
  readonly socket: FrameSocket;
  readonly self: NodeIdentity;
  readonly clock: Clock;
  readonly helloMs: number;
}

/** Decides about a node that says its key. Undefined: go on. */
export type CheckPeer = (said: Challenge) => Refusal | undefined;

type Step = (frame: Frame) => void;

/** The acceptor's side. `ring`: ours. The socket is open. */
export function acceptHello(options: HelloOptions & { readonly ring: string; readonly check: CheckPeer }): void {
  const { self, ring } = options;
  const nonce = freshNonce();
  const hello = begin(options, (frame) => {
    const answer = frame.t === HELLO.answer ? parseAnswer(frame.body) : undefined;
    if (!answer) return hello.refuse('hello-malformed');
    const fault = commonFault(options, { frame, said: answer }) ?? (answer.ring === ring ? undefined : 'wrong-ring');
    const refusal = fault ?? options.check(answer);
    if (refusal) return hello.refuse(refusal);
    const terms = {
      ring,
      dialer: answer.key.id,
      acceptor: self.id,
      dialerNonce: answer.nonce,
      acceptorNonce: nonce,
    };
    const isProven = verifyHello(answer.key, { text: helloText(terms, 'dialer'), signature: answer.signature });
    if (!isProven) return hello.refuse('bad-signature');
    hello.say(HELLO.welcome, { signature: signHello(self, helloText(terms, 'acceptor')) });
    hello.finish(answer.key, ring);
  });
  hello.say(HELLO.challenge, challengeBody({ ring, key: self, nonce }));
}

/** The dialler's side: answers the ring that `check` has let pass. The socket may still be connecting. */
export function dialHello(options: HelloOptions & { readonly check: CheckPeer }): void {
  const { self } = options;
  const nonce = freshNonce();
  const awaitWelcome =
    (said: Challenge, terms: Parameters<typeof helloText>[0]): Step =>
    (frame) => {
      const signature = frame.t === HELLO.welcome ? parseWelcome(frame.body) : undefined;
      if (signature === undefined) return hello.refuse('hello-malformed');
      if (frame.from !== said.key.id) return hello.refuse('forged-from');
      const isProven = verifyHello(said.key, { text: helloText(terms, 'acceptor'), signature });
      if (!isProven) return hello.refuse('bad-signature');
      hello.finish(said.key, said.ring);
    };
  const hello = begin(options, (frame) => {
    const said = frame.t === HELLO.challenge ? parseChallenge(frame.body) : undefined;
    if (!said) return hello.refuse('hello-malformed');
    const refusal = commonFault(options, { frame, said }) ?? options.check(said);
    if (refusal) return hello.refuse(refusal);
    const terms = {
      ring: said.ring,
      dialer: self.id,
      acceptor: said.key.id,
      dialerNonce: nonce,
      acceptorNonce: said.nonce,
    };
    const signature = signHello(self, helloText(terms, 'dialer'));
    hello.awaits(awaitWelcome(said, terms));
    hello.say(HELLO.answer, { ...challengeBody({ ring: said.ring, key: self, nonce }), signature });
  });
}

function commonFault(options: HelloOptions, heard: { frame: Frame; said: Challenge }): Refusal | undefined {
  if (heard.frame.from !== heard.said.key.id) return 'forged-from';
  return heard.said.key.id === options.self.id ? 'wrong-node' : undefined;
}

/** Reads the socket until the hello is over; the time limit runs from here. */
function begin(options: HelloOptions, first: Step) {
  const { socket, self, clock } = options;
  let step = first;
  let isOver = false;
  const end = (): boolean => {
    if (isOver) return false;
    isOver = true;
    cancel();
    return true;
  };
  const refuse = (reason: Refusal): void => {
    if (!end()) return;
    socket.refuse(reason);
    options.failed();
  };
  const cancel = clock.after(options.helloMs, () => refuse('hello-timeout'));
  socket.receiver = {
    frame: (frame) => {
      if (isOver) return;
      if (frame.re !== undefined || frame.size !== undefined) refuse('hello-malformed');
      else step(frame);
    },
    chunk: () => refuse('hello-malformed'),
    ended: () => {
      if (end()) options.failed();
    },
  };
  return {
    refuse,
    awaits: (next: Step): void => {
      step = next;
    },
    say: (t: string, body: Json): void => {
      const from: NodeId = self.id;
      void socket.sendFrame({ id: socket.nextId(), t, from, tsMs: clock.wallMs(), body });
    },
    finish: (peer: NodePublicKey, ring: string): void => {
      if (end()) options.done(peer, ring);
    },
  };
}

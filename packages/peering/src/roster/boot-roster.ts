// The boot node of a trial ring: admits whoever presents the token, and tells every member who belongs to the ring. Whoever has the token, or
// reads it on the way, is a member: for trials, not for evidence that must stand against a member. The ROSTER file is for that.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Contact, Message } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { Admission } from '../transport/admission.ts';
import type { Clock } from '../transport/clock.ts';
import type { NodeIdentity } from '../transport/node-identity.ts';
import type { Address } from './address.ts';
import { readKept, writeKept } from './kept-file.ts';
import { MAX_NODES, type RingRoster } from './ring-roster.ts';
import { type Join, parseGet, parseJoin, ROSTER, rosterMessage } from './roster-messages.ts';
import {
  openTrialRoster,
  ringRosterOf,
  type SignedTrialRoster,
  signTrialRoster,
  type TrialNode,
  type TrialRoster,
  trialRingId,
} from './trial-roster.ts';

/** What a roster says of itself: one line for each change of state. */
export interface RosterLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** The way to other nodes: a Transport. */
export interface RosterCalls {
  request(to: Contact, message: Message): Promise<Message>;
  admissionChanged(): void;
}

export interface BootRosterOptions {
  readonly self: NodeIdentity;
  /** Where the other nodes reach this one. */
  readonly address: Address;
  readonly token: string;
  readonly ringSize: number;
  /** Where the roster is kept. */
  readonly path: string;
  readonly clock: Clock;
  readonly log: RosterLog;
}

/** 16 characters of base64 are 96 bits: nobody finds them by guessing over a network. */
const MIN_TOKEN = 16;
/** How long a node that presented a wrong token is a stranger, and of how many such nodes that is remembered. Guesses: a key costs nothing, but
 * each try of a new one costs a socket and a hello. */
const WRONG_TOKEN_MS = 5_000;
const WRONG_TOKENS_KEPT = 1_024;

export class BootRoster {
  /** Wrong tokens that were presented: for metrics. */
  wrongTokens = 0;
  private readonly options: BootRosterOptions;
  private readonly strangersUntilMs = new Map<NodeId, number>();
  private readonly listeners = new Set<(roster: RingRoster) => void>();
  private calls: RosterCalls | undefined;
  private roster: TrialRoster;
  private signed: SignedTrialRoster;
  private members = new Map<NodeId, TrialNode>();
  private writing: Promise<void> = Promise.resolve();

  private constructor(options: BootRosterOptions, roster: TrialRoster) {
    this.options = options;
    this.roster = roster;
    this.signed = signTrialRoster(options.self, roster);
    this.index();
  }

  /**
   * Reads the kept roster, so that a boot node that starts again knows its members, or begins one. Throws RangeError for a token that is too
   * short, and Error for a kept file that is not this node's.
   */
  static async open(options: BootRosterOptions): Promise<BootRoster> {
    if (options.token.length < MIN_TOKEN) throw new RangeError(`PEER_TOKEN needs at least ${MIN_TOKEN} characters`);
    const { self, address, ringSize, path, clock, log } = options;
    const kept = await readKept(path);
    const before = kept === undefined ? undefined : openTrialRoster(self, kept);
    if (kept !== undefined && !before) {
      throw new Error(`${path} is not a roster that this node signed: give back its node key, or remove the file`);
    }
    const others = before?.nodes.filter((node) => node.key.id !== self.id) ?? [];
    const nodes = [{ key: self, address }, ...others];
    const version = Math.max(clock.wallMs(), (before?.version ?? 0) + 1);
    const boot = new BootRoster(options, { version, ringSize, nodes });
    await writeKept(path, boot.signed);
    log.warn(
      { members: nodes.length },
      'this boot node admits whoever presents PEER_TOKEN: for trial rings, a real one has a ROSTER file',
    );
    return boot;
  }

  get current(): RingRoster {
    return ringRosterOf(this.options.self, this.roster);
  }

  get admission(): Admission {
    return {
      ringId: () => trialRingId(this.options.self),
      standing: (id) => {
        if (this.members.has(id)) return 'member';
        return (this.strangersUntilMs.get(id) ?? 0) > this.options.clock.monotonicMs() ? 'stranger' : 'candidate';
      },
      contactOf: (id) => {
        const node = this.members.get(id);
        return node && { id, ...node.address };
      },
    };
  }

  /** Gives the transport, over which newer rosters are pushed, and tells every member the roster of this start. */
  start(calls: RosterCalls): void {
    this.calls = calls;
    this.push();
  }

  /** Calls back with every newer roster. */
  onChange(listener: (roster: RingRoster) => void): void {
    this.listeners.add(listener);
  }

  /** Answers `roster.` requests. Rejects what is malformed or not allowed: the transport refuses it then. */
  async handle(from: NodeId, message: Message): Promise<Message> {
    switch (message.t) {
      case ROSTER.join: {
        const join = parseJoin(message.body);
        if (!join || join.key.id !== from) throw new Error('malformed roster.join');
        await this.join(join);
        return rosterMessage(ROSTER.current, this.signed);
      }
      case ROSTER.get: {
        const version = parseGet(message.body);
        if (version === undefined || !this.members.has(from)) throw new Error('roster.get is for members');
        return rosterMessage(ROSTER.current, version < this.roster.version ? this.signed : null);
      }
      default:
        throw new Error('no such request');
    }
  }

  private async join(join: Join): Promise<void> {
    if (!isSameSecret(join.token, this.options.token)) {
      this.wrongTokens++;
      // A member that comes back with a wrong token stays a member, and its new address is not taken.
      if (!this.members.has(join.key.id)) this.refuseForAWhile(join.key.id);
      throw new Error('wrong token');
    }
    // One after another: each builds on the version before it, and is on disk before it is told to anyone.
    const turn = this.writing.then(() => this.admit(join));
    // A write that failed is the joining node's to see; the next join starts from the same version again.
    this.writing = turn.catch(() => undefined);
    await turn;
  }

  private async admit({ key, address }: Join): Promise<void> {
    const known = this.members.get(key.id);
    if (known?.address.host === address.host && known.address.port === address.port) return;
    if (key.id === this.options.self.id) throw new Error('the boot node does not join itself');
    if (!known && this.roster.nodes.length >= MAX_NODES) throw new Error('the ring is full');
    const roster: TrialRoster = {
      version: Math.max(this.options.clock.wallMs(), this.roster.version + 1),
      ringSize: this.roster.ringSize,
      nodes: [...this.roster.nodes.filter((node) => node.key.id !== key.id), { key, address }],
    };
    const signed = signTrialRoster(this.options.self, roster);
    // A crash before this write: the node was not admitted and asks again. After it: it is a member, and hears so when it asks again.
    await writeKept(this.options.path, signed);
    this.roster = roster;
    this.signed = signed;
    this.index();
    this.options.log.info({ nodeId: key.id, members: roster.nodes.length }, 'ring node admitted');
    this.calls?.admissionChanged();
    this.push();
    for (const listener of this.listeners) listener(this.current);
  }

  /** Tells every member. Whoever is not reached asks by itself (member-roster.ts). */
  private push(): void {
    for (const contact of this.current.contacts) {
      if (contact.id === this.options.self.id) continue;
      this.calls?.request(contact, rosterMessage(ROSTER.update, this.signed)).catch(() => undefined);
    }
  }

  private refuseForAWhile(id: NodeId): void {
    this.strangersUntilMs.delete(id);
    this.strangersUntilMs.set(id, this.options.clock.monotonicMs() + WRONG_TOKEN_MS);
    const oldest =
      this.strangersUntilMs.size > WRONG_TOKENS_KEPT ? this.strangersUntilMs.keys().next().value : undefined;
    if (oldest !== undefined) this.strangersUntilMs.delete(oldest);
  }

  private index(): void {
    this.members = new Map(this.roster.nodes.map((node) => [node.key.id, node]));
  }
}

/** Compares digests, so neither content nor length shows in the time it takes. */
function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}

// A node that joins a trial ring through its boot node: learns the boot node's key at the first contact, pins it in a file, and takes from then
// on only rosters which that key signed. The last one is kept too, so that a member starts while the boot node is away.

import { z } from 'zod';
import type { Contact, Message } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { Admission, Introduction } from '../transport/admission.ts';
import { CallFailed } from '../transport/call-failed.ts';
import type { CancelTimer, Clock } from '../transport/clock.ts';
import { formatNodeKey, type NodeIdentity, type NodePublicKey, parseNodeKey } from '../transport/node-identity.ts';
import type { Address } from './address.ts';
import type { RosterCalls, RosterLog } from './boot-roster.ts';
import { readKept, writeKept } from './kept-file.ts';
import type { RingRoster } from './ring-roster.ts';
import { getMessage, joinMessage, parseRosterBody, ROSTER, rosterMessage } from './roster-messages.ts';
import { openTrialRoster, ringRosterOf, type TrialRoster, trialRingId } from './trial-roster.ts';

/** The way to a boot node that may not be known yet: a Transport. */
export interface MemberCalls extends RosterCalls {
  introduce(address: Address, accept: (met: Introduction) => boolean): Promise<Introduction>;
}

export interface MemberRosterOptions {
  readonly self: NodeIdentity;
  /** Where the other nodes reach this one. */
  readonly address: Address;
  /** PEER_ADDR and PEER_PORT. */
  readonly boot: Address;
  readonly token: string;
  /** Where the boot node's key and the last roster are kept. */
  readonly path: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: RosterLog;
}

/** Between two questions for a newer roster. Pushes bring most; this finds what a push missed. A guess. */
const ASK_MS = 10_000;
/** Between two tries to join: the first, doubled up to the greatest. Guesses: a ring that is started by hand comes up in seconds. */
const TRY_MS = 200;
const TRY_MOST_MS = 5_000;

const keptSchema = z.strictObject({ boot: z.string(), roster: z.unknown() });

export class MemberRoster {
  private readonly options: MemberRosterOptions;
  private readonly listeners = new Set<(roster: RingRoster) => void>();
  private boot: NodePublicKey | undefined;
  private roster: TrialRoster | undefined;
  /** Who is being met, before the key is pinned. */
  private meeting: NodeId | undefined;
  private members = new Map<NodeId, Contact>();
  private calls: MemberCalls | undefined;
  private writing: Promise<void> = Promise.resolve();
  private cancel: CancelTimer | undefined;
  private tries = 0;
  private isStopped = false;
  private lastFault = '';

  private constructor(options: MemberRosterOptions) {
    this.options = options;
  }

  /** Reads what was kept. Throws Error for a file that says nothing of use: removing it means to trust the boot node anew. */
  static async open(options: MemberRosterOptions): Promise<MemberRoster> {
    const member = new MemberRoster(options);
    const kept = await readKept(options.path);
    if (kept === undefined) return member;
    const parsed = keptSchema.safeParse(kept);
    const boot = parsed.success ? parseNodeKey(parsed.data.boot) : undefined;
    const roster = boot && parsed.success ? openTrialRoster(boot, parsed.data.roster) : undefined;
    if (!boot || !roster) throw new Error(`${options.path} is damaged: remove it to trust the boot node anew`);
    member.use(boot, roster);
    return member;
  }

  /** Undefined until the first roster. */
  get current(): RingRoster | undefined {
    return this.boot && this.roster && ringRosterOf(this.boot, this.roster);
  }

  get admission(): Admission {
    return {
      ringId: () => this.boot && trialRingId(this.boot),
      standing: (id) => {
        if (this.members.has(id)) return 'member';
        return id === this.meeting || id === this.boot?.id ? 'candidate' : 'stranger';
      },
      contactOf: (id) => this.members.get(id),
    };
  }

  /** Joins, tries again until it is admitted, then keeps asking for newer rosters until `stop`. */
  start(calls: MemberCalls): void {
    this.calls = calls;
    void this.round();
  }

  stop(): void {
    this.isStopped = true;
    this.cancel?.();
  }

  /** Calls back with every newer roster, the first one too. */
  onChange(listener: (roster: RingRoster) => void): void {
    this.listeners.add(listener);
  }

  /** Answers `roster.` requests. Rejects all but true rosters of the boot node. */
  async handle(from: NodeId, message: Message): Promise<Message> {
    if (message.t !== ROSTER.update || !this.boot || from !== this.boot.id) throw new Error('no such request');
    await this.take(this.boot, message);
    return rosterMessage(ROSTER.current, null);
  }

  /** Never rejects: what went wrong is logged once, and tried again. */
  private async round(): Promise<void> {
    let waitMs = ASK_MS;
    try {
      await this.ask();
      this.tries = 0;
      this.lastFault = '';
    } catch (error) {
      waitMs = Math.min(TRY_MOST_MS, TRY_MS * 2 ** Math.min(this.tries, 20)) * (0.5 + this.options.random() / 2);
      this.tries++;
      const fault = error instanceof CallFailed ? error.why : error instanceof Error ? error.message : 'unknown';
      if (fault !== this.lastFault)
        this.options.log.warn({ fault }, 'the boot node did not give its roster: it is asked again');
      this.lastFault = fault;
    }
    if (!this.isStopped) this.cancel = this.options.clock.after(waitMs, () => void this.round());
  }

  private async ask(): Promise<void> {
    const { calls, roster, boot } = this;
    if (!calls) return;
    const contact = boot && this.members.get(boot.id);
    if (boot && contact && roster && this.isListed(roster)) {
      try {
        await this.take(boot, await calls.request(contact, getMessage(roster.version)));
        return;
      } catch (error) {
        // Refused: the boot node does not know this node (any more), so it joins again. Anything else is tried again later.
        if (!(error instanceof CallFailed) || error.why !== 'refused') throw error;
      }
    }
    await this.join(calls);
  }

  private async join(calls: MemberCalls): Promise<void> {
    const { self, address, token, boot: at } = this.options;
    const met = await this.meet(calls);
    const reply = await calls.request({ id: met.id, ...at }, joinMessage({ token, key: self, address }));
    await this.take(met, reply);
    if (!this.roster || !this.isListed(this.roster)) throw new Error('the boot node gave a roster without this node');
  }

  /** The boot node with a socket to it: of the pinned key, or of whatever key is there the first time. */
  private async meet(calls: MemberCalls): Promise<NodePublicKey> {
    let isOther = false;
    try {
      const met = await calls.introduce(this.options.boot, ({ node, ringId }) => {
        isOther = this.boot !== undefined && this.boot.id !== node.id;
        if (isOther || ringId !== trialRingId(node)) return false;
        this.meeting = node.id;
        return true;
      });
      return met.node;
    } catch (error) {
      if (isOther) throw new Error(`another key than the pinned one answered: remove ${this.options.path} to trust it`);
      throw error;
    }
  }

  /** Whether the roster has this node at its address of now. */
  private isListed(roster: TrialRoster): boolean {
    const { self, address } = this.options;
    return roster.nodes.some(
      ({ key, address: listed }) => key.id === self.id && listed.host === address.host && listed.port === address.port,
    );
  }

  /** Takes a roster that is newer; the one of an older version changes nothing. Rejects for one that this boot node did not sign. */
  private async take(boot: NodePublicKey, message: Message): Promise<void> {
    const said = parseRosterBody(message.body);
    if (!said) throw new Error('malformed roster');
    if (said.roster === null) return;
    const roster = openTrialRoster(boot, said.roster);
    if (!roster) throw new Error('the roster is not signed by the boot node');
    const turn = this.writing.then(() => this.keep({ boot, roster, signed: said.roster }));
    // Whoever waits for this turn sees its failure; the next roster is a new turn.
    this.writing = turn.catch(() => undefined);
    await turn;
  }

  private async keep(newer: { boot: NodePublicKey; roster: TrialRoster; signed: unknown }): Promise<void> {
    const { boot, roster, signed } = newer;
    if (this.roster && this.roster.version >= roster.version) return;
    // A crash before this write: the next start asks the boot node, and trusts its key anew if none was pinned. After it: the key is pinned.
    await writeKept(this.options.path, { boot: formatNodeKey(boot), roster: signed });
    this.use(boot, roster);
    this.options.log.info({ version: roster.version, members: roster.nodes.length }, 'ring roster taken');
    this.calls?.admissionChanged();
    for (const listener of this.listeners) listener(ringRosterOf(boot, roster));
  }

  private use(boot: NodePublicKey, roster: TrialRoster): void {
    this.boot = boot;
    this.roster = roster;
    this.meeting = undefined;
    this.members = new Map(ringRosterOf(boot, roster).contacts.map((contact) => [contact.id, contact]));
  }
}

// A simulated world of whole nodes, Chord and replication and a disk each, with check I8 of peering.md 2.6: what was acknowledged is not lost
// while fewer nodes failed than keep it, and is with exactly its k replicas once the world is quiet.

import { utf8 } from '@telltale/ledger';
import type { Contact, Message } from '../calls.ts';
import type { ChordSettings } from '../chord/index.ts';
import { idOfNode, type NodeId } from '../node-id.ts';
import type { MemoryReplicaStore } from '../replication/memory-replica-store.ts';
import { underReplicatedItems } from '../replication/replication.ts';
import type { ReplicationSettings } from '../replication/settings.ts';
import { valueItem } from '../replication/stored-item.ts';
import { testSigner } from '../replication/testing/test-keys.ts';
import { CheckFailure } from './check-failure.ts';
import { type ComposedInput, type ComposedNode, type ComposedOutput, composedProgram } from './composed-program.ts';
import type { NetworkFaults } from './network-faults.ts';
import { isIdeal, ownerOf } from './ring-checks.ts';
import { type Happened, Simulator } from './simulator.ts';

export interface DataWorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly chord: ChordSettings;
  readonly replication: ReplicationSettings;
  readonly faults: NetworkFaults;
  /** What every node's answers become: a wrong protocol, which the checks must find out. */
  readonly mutant?: (answer: Message) => Message;
}

/** A value that was put. `copies`: nodes that are known to keep it, by its receipts; k once the world was quiet. */
interface Value {
  readonly key: NodeId;
  copies: number;
  /** How many nodes had failed when it was put, or when the world was quiet the last time. */
  failedBefore: number;
}

export class DataWorld {
  readonly simulator: Simulator<ComposedNode, ComposedInput, ComposedOutput, MemoryReplicaStore>;
  readonly contacts: readonly Contact[];
  /** Of puts, how they ended; acknowledged values that were lost because as many nodes failed as kept them; and what happened. */
  readonly counts = { acknowledged: 0, unacknowledged: 0, lost: 0, deletions: 0, lies: 0, failures: 0 };
  /** Nodes that answer lookups falsely: they claim every key. */
  readonly liars = new Set<NodeId>();
  private readonly options: DataWorldOptions;
  private readonly underWay = new Map<string, Value>();
  private acknowledged: Value[] = [];
  private readonly reads = new Map<string, string>();
  private nextToken = 1;

  constructor(options: DataWorldOptions) {
    this.options = options;
    const { seed, nodes, chord, replication, faults } = options;
    const signers = new Map(
      Array.from({ length: nodes }, (_, i) => testSigner(1_000 * seed + i)).map((signer) => [
        idOfNode(signer.nodeKey),
        signer,
      ]),
    );
    this.contacts = [...signers.keys()].sort().map((id) => ({ id, host: 'simulated', port: 1 }));
    const program = composedProgram({
      roster: new Map(this.contacts.map((contact) => [contact.id, contact])),
      signerOf: (id) => signers.get(id) ?? this.fail('a node without a key'),
      chord,
      replication,
      tamper: (from, answer) => this.tamper(from, answer),
    });
    this.simulator = new Simulator({ seed, program, faults, observe: (happened) => this.look(happened) });
  }

  /** One of the nodes that run. */
  anyNode(): NodeId {
    const ids = [...this.simulator.running().keys()];
    return ids[Math.floor(this.simulator.random() * ids.length)] ?? this.fail('no node is left');
  }

  /** Puts a new value from a node. */
  put(from: NodeId): void {
    const token = String(this.nextToken++);
    const { key, bytes } = valueItem(utf8(`value ${this.options.seed} ${token}`));
    this.underWay.set(token, { key, copies: 0, failedBefore: this.counts.failures });
    this.simulator.inject(from, { kind: 'put', token, type: 'value', key, bytes });
  }

  /** A node fails. */
  crash(id: NodeId, disk: 'kept' | 'wiped'): void {
    this.counts.failures++;
    this.simulator.crash(id, disk);
    this.checkKept();
  }

  /** Every node that runs is a member of one ideal ring, and each value is with its k replicas and nobody else. */
  isQuiet(): boolean {
    return this.isSettled() && this.acknowledged.every((value) => this.isAtItsReplicas(value));
  }

  isSettled(): boolean {
    const running = [...this.simulator.running()];
    const ring = new Map(running.map(([id, { composed }]) => [id, composed.chord.pointers]));
    return running.every(([, { composed }]) => composed.chord.mode === 'member') && isIdeal(ring, this.options.chord.r);
  }

  /** Every node runs again: what more nodes lost than kept it is gone, as nothing was promised of it, and is not looked for any more. */
  forgetLost(): void {
    const kept = this.acknowledged.filter(({ key }) => this.holders(key).length > 0);
    this.counts.lost += this.acknowledged.length - kept.length;
    this.acknowledged = kept;
  }

  /** Repair is complete: k nodes may fail less one. */
  repaired(): void {
    for (const value of this.acknowledged) {
      value.copies = this.options.replication.replicas;
      value.failedBefore = this.counts.failures;
    }
  }

  /** Nodes that, by their own account, have items with too few copies. */
  underReplicated(): number {
    const states = [...this.simulator.running().values()];
    return states.filter(({ composed }) => underReplicatedItems(composed.replication) > 0).length;
  }

  /** Reads every acknowledged value from every node that runs. */
  checkReadable(): void {
    for (const id of this.simulator.running().keys()) {
      for (const { key } of this.acknowledged) {
        const token = String(this.nextToken++);
        this.reads.set(token, 'unanswered');
        this.simulator.inject(id, { kind: 'get', token, key });
        // A node reads so many values at once, and others wait (MAX_OPEN); here one after the other is enough.
        const endsAtMs = this.simulator.nowMs + READ_MS;
        while (this.reads.get(token) === 'unanswered' && this.simulator.nowMs < endsAtMs) {
          this.simulator.runUntil(this.simulator.nowMs + 20);
        }
        const outcome = this.reads.get(token);
        if (outcome !== 'found') this.fail(`I8: ${short(id)} reads ${short(key)}: ${outcome}`);
      }
    }
  }

  /** Each value that was acknowledged has so many live copies beside those of a node. */
  checkCopies(least: number, without: NodeId): void {
    for (const { key } of this.acknowledged) {
      const holders = this.holders(key).filter((id) => id !== without);
      if (holders.length < least) this.fail(`I8: ${holders.length} copies of ${short(key)} stay when a node left`);
    }
  }

  /** In words, the first value that is not where it should be. */
  misplaced(): string {
    const value = this.acknowledged.find((one) => !this.isAtItsReplicas(one));
    if (!value) return 'nothing';
    const are = this.holders(value.key).map(short);
    return `${short(value.key)} is at ${are}, not at ${this.replicasOf(value.key).map(short)}`;
  }

  /** Ends the run: the seed is in the message. */
  fail(what: string): never {
    throw new CheckFailure(`seed ${this.options.seed}, ${this.simulator.nowMs.toFixed(0)} ms: ${what}`);
  }

  private look({ outputs }: Happened<ComposedNode, ComposedInput, ComposedOutput>): void {
    for (const output of outputs) {
      if (output.kind === 'put-ended') this.putEnded(output);
      else if (output.kind === 'get-ended') this.reads.set(output.token, output.outcome);
      else if (output.kind === 'performed' && output.what === 'delete') {
        this.counts.deletions++;
        this.checkKept();
      }
    }
  }

  private putEnded({ token, outcome, receipts }: Extract<ComposedOutput, { kind: 'put-ended' }>): void {
    const value = this.underWay.get(token);
    this.underWay.delete(token);
    if (!value || outcome !== 'stored') {
      this.counts.unacknowledged++;
      return;
    }
    this.counts.acknowledged++;
    this.acknowledged.push({ ...value, copies: receipts.length });
    this.checkKept();
  }

  /** I8: a value with fewer failures since than copies has a live one. */
  private checkKept(): void {
    for (const { key, copies, failedBefore } of this.acknowledged) {
      const failed = this.counts.failures - failedBefore;
      if (failed < copies && this.holders(key).length === 0) {
        this.fail(`I8: ${short(key)} is lost: ${copies} copies, ${failed} failures since`);
      }
    }
  }

  private isAtItsReplicas({ key }: Value): boolean {
    return this.holders(key).toSorted().join() === this.replicasOf(key).toSorted().join();
  }

  private replicasOf(key: NodeId): NodeId[] {
    const members = [...this.simulator.running().keys()].sort();
    const owner = ownerOf(members, key);
    const at = owner ? members.indexOf(owner) : 0;
    return [...members.slice(at), ...members.slice(0, at)].slice(0, this.options.replication.replicas);
  }

  private holders(key: NodeId): NodeId[] {
    const name = { type: 'value' as const, key, id: key };
    return [...this.simulator.running()].flatMap(([id, { store }]) => {
      const read = store.perform({ kind: 'read', name });
      return read.kind === 'read' && read.bytes ? [id] : [];
    });
  }

  private tamper(from: Contact, answer: Message): Message {
    const { mutant } = this.options;
    if (mutant) return mutant(answer);
    if (!this.liars.has(from.id) || answer.t !== 'chord.toward') return answer;
    this.counts.lies++;
    const pointers = this.simulator.stateOf(from.id)?.composed.chord.pointers;
    const body = {
      predecessor: pointers?.predecessor ?? null,
      successors: [...(pointers?.successors ?? [])],
      closer: [],
    };
    return { t: 'chord.mine', body };
  }
}

/** How long a read may take: its attempts, each with all replicas silent. */
const READ_MS = 60_000;

function short(id: NodeId): string {
  return id.slice(0, 6);
}

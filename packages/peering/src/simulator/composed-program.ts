// Chord and replication together as a program of the simulator, with a store as the disk. Store operations take a moment and may overtake
// each other, as those of a database do; what had not been done when the process ended is lost.

import type { Contact, Message } from '../calls.ts';
import type { ChordSettings, Roster } from '../chord/index.ts';
import type { Step, Surroundings } from '../machine.ts';
import {
  type ComposedEffect,
  type ComposedEvent,
  type ComposedState,
  initialComposed,
  type StoreEffect,
  stepComposed,
} from '../node/composed.ts';
import type { NodeId } from '../node-id.ts';
import { MemoryReplicaStore } from '../replication/memory-replica-store.ts';
import type { ReplicationSettings } from '../replication/settings.ts';
import type { ReceiptSigner } from '../replication/storage-receipt.ts';
import type { DiskEffect, NetworkEffect, NetworkEvent, Program } from './program.ts';

/** A running node: what it knows, its disk, and what the disk has not done yet. */
export interface ComposedNode {
  readonly composed: ComposedState;
  readonly store: MemoryReplicaStore;
  readonly undone: ReadonlyMap<string, StoreEffect>;
}

export type ComposedInput = Exclude<ComposedEvent, NetworkEvent>;
/** `performed`: the disk has done it. */
export type ComposedOutput =
  | Exclude<ComposedEffect, NetworkEffect | StoreEffect>
  | { readonly kind: 'performed'; readonly what: StoreEffect['request']['kind'] };

export interface ComposedProgramOptions {
  readonly roster: Roster;
  readonly signerOf: (id: NodeId) => ReceiptSigner;
  readonly chord: ChordSettings;
  readonly replication: ReplicationSettings;
  /** What a node's answers become on the way: for nodes that lie. */
  readonly tamper: (from: Contact, answer: Message) => Message;
}

type Effect = NetworkEffect | DiskEffect<MemoryReplicaStore> | ComposedOutput;

/** The longest a store operation takes: as slow as a message, so that orders mix. */
const DISK_MS = 40;
const DISK_PREFIX = 'disk.';

export function composedProgram(
  options: ComposedProgramOptions,
): Program<ComposedNode, ComposedInput, ComposedOutput, MemoryReplicaStore> {
  const step = (node: ComposedNode, event: ComposedEvent, surroundings: Surroundings): Step<ComposedNode, Effect> => {
    const { state, effects } = stepComposed(node.composed, event, surroundings);
    const undone = new Map(node.undone);
    const out = effects.map((effect): Effect => {
      if (effect.kind === 'answer') {
        return { ...effect, reply: options.tamper(state.chord.self, effect.reply) };
      }
      if (effect.kind !== 'store') return effect;
      const name = `${DISK_PREFIX}${effect.op}`;
      undone.set(name, effect);
      return { kind: 'timer', name, afterMs: DISK_MS * surroundings.random() };
    });
    return { state: { composed: state, store: node.store, undone }, effects: out };
  };

  const perform = (node: ComposedNode, name: string, surroundings: Surroundings): Step<ComposedNode, Effect> => {
    const effect = node.undone.get(name);
    if (!effect) return { state: node, effects: [] };
    const undone = new Map(node.undone);
    undone.delete(name);
    const result = node.store.perform(effect.request);
    const after = step({ ...node, undone }, { kind: 'stored', op: effect.op, result }, surroundings);
    return { state: after.state, effects: [{ kind: 'performed', what: effect.request.kind }, ...after.effects] };
  };

  return {
    start({ self, disk, surroundings }) {
      const store = disk ?? new MemoryReplicaStore();
      const { roster, chord, replication, signerOf } = options;
      const composed = initialComposed({ self, roster, signer: signerOf(self.id), chord, replication });
      const { state, effects } = step({ composed, store, undone: new Map() }, { kind: 'start' }, surroundings);
      return { state, effects: [{ kind: 'disk', content: store }, ...effects] };
    },
    step(node, event, surroundings) {
      const isDisk = event.kind === 'timer' && event.name.startsWith(DISK_PREFIX);
      return isDisk ? perform(node, event.name, surroundings) : step(node, event, surroundings);
    },
  };
}

// The decisions that make Chord right or wrong, as a table. The reducer takes it as an argument: the simulator puts one wrong rule in its
// place and demands that its checker finds out. Nothing else chooses rules; a receiver always runs CORRECT_RULES.

import { between } from '../node-id.ts';
import {
  adoptPredecessorOfSuccessor,
  adoptSuccessor,
  dropSuccessor,
  foundingPointers,
  joinAfter,
  judgeCandidate,
  type Pointers,
} from './pointers.ts';
import { smallestRing } from './ring-size.ts';
import { routeFrom } from './route.ts';

export interface Rules {
  readonly between: typeof between;
  readonly joinAfter: typeof joinAfter;
  readonly adoptSuccessor: typeof adoptSuccessor;
  readonly dropSuccessor: typeof dropSuccessor;
  readonly adoptPredecessorOfSuccessor: typeof adoptPredecessorOfSuccessor;
  readonly judgeCandidate: typeof judgeCandidate;
  readonly foundingPointers: typeof foundingPointers;
  readonly routeFrom: typeof routeFrom;
  /** How many members found a ring with this r. */
  readonly smallestRing: (r: number) => number;
  /** The powers of two at which fingers stand, far ones first. */
  readonly fingerExponents: readonly number[];
  /** What becomes of the pointers when an answer comes that nobody asked for. */
  readonly takeUnasked: (n: Pointers, claimed: Pointers) => Pointers;
}

const IDENTIFIER_BITS = 256;

export const CORRECT_RULES: Rules = {
  between,
  joinAfter,
  adoptSuccessor,
  dropSuccessor,
  adoptPredecessorOfSuccessor,
  judgeCandidate,
  foundingPointers,
  routeFrom,
  smallestRing,
  fingerExponents: Array.from({ length: IDENTIFIER_BITS }, (_, i) => IDENTIFIER_BITS - 1 - i),
  takeUnasked: (n) => n,
};

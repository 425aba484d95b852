// How many successors a node keeps (r), by the number of nodes of the roster; and how many nodes found a ring. Source: peering.md section 2.4.

/** From how many nodes on, and the r that holds there: the table of peering.md 2.4. */
const LENGTHS: readonly { readonly nodes: number; readonly r: number }[] = [
  { nodes: 16, r: 4 },
  { nodes: 7, r: 3 },
  { nodes: 4, r: 2 },
];

/** r for a roster of so many nodes. 1 (fewer than 4 nodes) claims nothing about failures. */
export function successorListLength(nodes: number): number {
  return LENGTHS.find((row) => nodes >= row.nodes)?.r ?? 1;
}

/** How many members a ring needs to be founded and to stay correct: r + 1 (Zave, arXiv 1610.01140). */
export function smallestRing(r: number): number {
  return r + 1;
}

/** How many nodes one lookup may ask in a ring of this many nodes: 2 ceil(log2 N) + r. */
export function lookupLimit(nodes: number, r: number): number {
  return 2 * Math.ceil(Math.log2(Math.max(2, nodes))) + r;
}

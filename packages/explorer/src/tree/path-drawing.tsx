// The way from a leaf up to the signed root, as a ladder: on each rung the node that is computed and the sibling that the proof brings.

import { type CheckedProof, type Proof, toHex } from '@telltale/ledger';
import { type InclusionStep, inclusionPicture, type TreeNode } from './inclusion-steps.ts';

const WIDTH = 360;
const RUNG = 64;
const BOX = { width: 132, height: 40 };
const TOP = 8;
/** Middles of the two columns. */
const LEFT = 8 + BOX.width / 2;
const RIGHT = WIDTH - 8 - BOX.width / 2;

/** `checked`: what the proof showed. Draws nothing for a path that does not fit, which a checked proof never has. */
export function PathDrawing({ proof, checked }: { proof: Proof; checked: CheckedProof }) {
  const { size: treeSize } = checked.checkpoint;
  const { leafHash } = checked;
  const picture = inclusionPicture({ leafIndex: proof.leafIndex, treeSize, leafHash, path: proof.path });
  if (!picture) return null;
  const rungs = [...picture.steps].reverse();
  const height = TOP * 2 + rungs.length * RUNG + BOX.height;
  return (
    <figure class="tree">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img">
        <title>{`The path of leaf ${proof.leafIndex} to the root`}</title>
        {rungs.map((step, i) => (
          <Rung
            key={`${step.node.start}-${step.node.end}`}
            step={step}
            y={TOP + (i + 1) * RUNG}
            parentX={xOf(rungs[i - 1])}
          />
        ))}
        <Node x={WIDTH / 2} y={TOP} node={picture.root} label="root" kind="root" />
      </svg>
      <figcaption>
        {rungs.length === 0
          ? 'The log has one leaf, which is its root.'
          : `From leaf ${proof.leafIndex} (below) in ${rungs.length} steps to the signed root over ${treeSize.toLocaleString()} leaves (above). Filled: computed here. Outlined: brought by the proof.`}
      </figcaption>
    </figure>
  );
}

/** Where the node on the way stands: opposite its sibling; without a step it is the root, in the middle. */
function xOf(step: InclusionStep | undefined): number {
  if (!step) return WIDTH / 2;
  return step.side === 'left' ? RIGHT : LEFT;
}

function Rung({ step, y, parentX }: { step: InclusionStep; y: number; parentX: number }) {
  const { node, sibling, side } = step;
  const x = xOf(step);
  const siblingX = side === 'left' ? LEFT : RIGHT;
  const parentY = y - RUNG + BOX.height;
  const isLeaf = node.end - node.start === 1;
  return (
    <g>
      <path class="tree-way" d={curve({ x, y, parentX, parentY })} />
      <path class="tree-side" d={curve({ x: siblingX, y, parentX, parentY })} />
      <Node x={x} y={y} node={node} label={isLeaf ? `leaf ${node.start}` : rangeOf(node)} kind="way" />
      <Node x={siblingX} y={y} node={sibling} label={rangeOf(sibling)} kind="side" />
    </g>
  );
}

function Node(props: { x: number; y: number; node: TreeNode; label: string; kind: 'root' | 'way' | 'side' }) {
  const { x, y, node, label, kind } = props;
  const hex = toHex(node.hash);
  return (
    <g class={`tree-node ${kind}`}>
      <title>{`${label}: ${hex}`}</title>
      <rect x={x - BOX.width / 2} y={y} width={BOX.width} height={BOX.height} rx={6} />
      <text x={x} y={y + 16} text-anchor="middle">
        {label}
      </text>
      <text class="tree-hash" x={x} y={y + 32} text-anchor="middle">
        {`${hex.slice(0, 8)}…${hex.slice(-4)}`}
      </text>
    </g>
  );
}

function rangeOf({ start, end }: TreeNode): string {
  return end - start === 1 ? `leaf ${start}` : `leaves ${start}–${end - 1}`;
}

function curve(at: { x: number; y: number; parentX: number; parentY: number }): string {
  const middle = (at.y + at.parentY) / 2;
  return `M${at.parentX} ${at.parentY}C${at.parentX} ${middle} ${at.x} ${middle} ${at.x} ${at.y}`;
}

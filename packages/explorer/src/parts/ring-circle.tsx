// The ring as a circle: each node that this one has a pointer to, where its id stands. The list below it says the same in words.

import type { RingAnswer } from '../api/ring.ts';

const SIZE = 240;
const RADIUS = 92;

export function RingCircle({ ring }: { ring: RingAnswer }) {
  const others = new Map<string, string>();
  for (const { id, address } of ring.fingers) others.set(id, address);
  for (const { id, address } of ring.successors) others.set(id, address);
  if (ring.predecessor) others.set(ring.predecessor.id, ring.predecessor.address);
  others.delete(ring.id);
  const self = placeOf(ring.id);
  return (
    <svg class="ring" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img">
      <title>{`This node and ${others.size} others`}</title>
      <circle class="ring-line" cx={SIZE / 2} cy={SIZE / 2} r={RADIUS} />
      {[...others].map(([id, address]) => {
        const at = placeOf(id);
        return (
          <g key={id}>
            <line class="ring-pointer" x1={self.x} y1={self.y} x2={at.x} y2={at.y} />
            <circle class="ring-node" cx={at.x} cy={at.y} r={6}>
              <title>{address}</title>
            </circle>
          </g>
        );
      })}
      <circle class="ring-self" cx={self.x} cy={self.y} r={8}>
        <title>{ring.address}</title>
      </circle>
    </svg>
  );
}

/** Clockwise from the top, by the first 32 bits of the id. */
function placeOf(id: string): { x: number; y: number } {
  const turn = Number.parseInt(id.slice(0, 8), 16) / 2 ** 32;
  const angle = 2 * Math.PI * turn;
  return { x: SIZE / 2 + RADIUS * Math.sin(angle), y: SIZE / 2 - RADIUS * Math.cos(angle) };
}

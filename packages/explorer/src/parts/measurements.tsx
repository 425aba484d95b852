// What a message of many readings measured, one by one: a table beside the message as it was signed.

import type { MeasurementAnswer, ReadingAnswer } from '../api/readings.ts';
import { Time } from './time.tsx';

/** Rows that are shown. A guess: a message may have thousands, and the charts of its device show them all. */
const SHOWN = 200;

export function Measurements({ resolved, unresolved }: Pick<ReadingAnswer, 'resolved' | 'unresolved'>) {
  if (resolved === undefined) return null;
  if (resolved === null) {
    return (
      <p class="notice">
        Its measurements cannot be told apart: {unresolved?.message}. It is a signed reading all the same.
      </p>
    );
  }
  return (
    <section>
      <h2>Measurements</h2>
      <table class="measurements">
        <thead>
          <tr>
            <th>Name</th>
            <th>Value</th>
            <th>Time</th>
          </tr>
        </thead>
        <tbody>
          {resolved.slice(0, SHOWN).map((one, i) => (
            // The list never changes: what was signed stays.
            <tr key={i}>
              <td>{one.name}</td>
              <td>{textOf(one)}</td>
              <td>
                <Time us={one.time} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {resolved.length > SHOWN && (
        <p class="quiet">
          The first {SHOWN} of {resolved.length.toLocaleString()}.
        </p>
      )}
    </section>
  );
}

function textOf({ value, string, boolean, data, sum, unit }: MeasurementAnswer): string {
  const shown = value ?? string ?? boolean ?? data ?? `sum ${sum}`;
  return unit === undefined ? String(shown) : `${shown} ${unit}`;
}

// The newest readings of a device: a chart for each number in them, and the last few as they were signed.

import { useRef, useState } from 'preact/hooks';
import type { DeviceAnswer } from '../api/devices.ts';
import type { ReadingAnswer } from '../api/readings.ts';
import { Awaited } from '../parts/awaited.tsx';
import { counted } from '../parts/counted.ts';
import { LeafList } from '../parts/leaf-list.tsx';
import { useAnswer } from '../use-answer.ts';
import { LineChart } from './line-chart.tsx';
import { newestReadings, readingsAfter } from './newest-readings.ts';
import { seriesOf } from './series-of.ts';

/** How many readings somebody may look at. The most is what a phone draws at once without a pause; a guess. */
const COUNTS = [100, 1000, 5000];
const FIRST_COUNT = 1000;
/** Of the list below the charts. */
const LISTED = 10;

export function ReadingCharts({ device }: { device: DeviceAnswer }) {
  const [count, setCount] = useState(FIRST_COUNT);
  const subject = `${count} of ${device.device}`;
  const known = useRef<{ subject: string; readings: ReadingAnswer[] }>({ subject: '', readings: [] });
  const load = async (signal: AbortSignal) => {
    const { readings } = known.current;
    const isGrowing = known.current.subject === subject && readings.length > 0;
    const found = isGrowing
      ? [...readings, ...(await readingsAfter({ device: device.device, readings }, signal))].slice(-count)
      : await newestReadings({ device, count }, signal);
    known.current = { subject, readings: found };
    return found;
  };
  const answer = useAnswer(load, { subject, keys: [device.readings] });
  return (
    <section>
      <div class="section-bar">
        <h2>Readings</h2>
        <label>
          show{' '}
          <select value={count} onChange={(event) => setCount(Number(event.currentTarget.value))}>
            {COUNTS.map((choice) => (
              <option key={choice} value={choice}>
                the last {choice.toLocaleString()}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Awaited answer={answer}>{(readings) => <Shown readings={readings} />}</Awaited>
    </section>
  );
}

function Shown({ readings }: { readings: readonly ReadingAnswer[] }) {
  const series = seriesOf(readings);
  const newest = readings.slice(-LISTED).reverse();
  return (
    <>
      {series.length === 0 && <p class="quiet">There is no number in these readings.</p>}
      <div class="charts">
        {series.map((one) => (
          <LineChart key={one.name} series={one} />
        ))}
      </div>
      <h3>The last {counted(newest.length, 'reading')}</h3>
      <LeafList
        leaves={newest.map((reading) => ({
          leafIndex: reading.leaf_index,
          kind: 'reading',
          transactionId: reading.transaction_id,
          device: undefined,
          receivedAtUs: reading.received_at,
          text: JSON.stringify(reading.data),
        }))}
      />
    </>
  );
}

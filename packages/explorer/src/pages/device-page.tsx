// One device: its readings as charts, the keys that speak for it, the numbers it left out, its clock.

import { type DeviceAnswer, getDevice } from '../api/devices.ts';
import { ReadingCharts } from '../chart/reading-charts.tsx';
import { Awaited } from '../parts/awaited.tsx';
import { clockOffset } from '../parts/clock-offset.ts';
import { counted } from '../parts/counted.ts';
import { Facts } from '../parts/facts.tsx';
import { Hash } from '../parts/hash.tsx';
import { Page } from '../parts/page.tsx';
import { Time } from '../parts/time.tsx';
import { hrefOf } from '../route.ts';
import { useAnswer } from '../use-answer.ts';

export function DevicePage({ device, newestBlock }: { device: string; newestBlock: number }) {
  const answer = useAnswer((signal) => getDevice(device, signal), { subject: device, keys: [newestBlock] });
  return (
    <Page title={device}>
      <Awaited answer={answer} missing="No leaf of this ledger names that device.">
        {(known) => (
          <>
            {known.first_seen_at === null ? (
              <p class="quiet">No reading of it is sealed yet.</p>
            ) : (
              <ReadingCharts device={known} />
            )}
            <section>
              <h2>Sequence</h2>
              <Sequence device={known} />
            </section>
            <section>
              <h2>Keys</h2>
              <Keys keys={known.keys} />
            </section>
            <section>
              <h2>Clock</h2>
              <Clock device={known} />
            </section>
          </>
        )}
      </Awaited>
    </Page>
  );
}

function Sequence({ device }: { device: DeviceAnswer }) {
  const { readings, last_seq: lastSeq, gaps, gap_count: gapCount, missing, duplicates } = device;
  return (
    <>
      <Facts
        facts={[
          { name: 'Readings', value: readings.toLocaleString() },
          { name: 'Highest number', value: lastSeq?.toLocaleString() ?? 'its readings have none' },
          {
            name: 'Missing',
            value: missing === 0 ? 'none' : `${missing.toLocaleString()} in ${counted(gapCount, 'gap')}`,
          },
          { name: 'Used twice', value: duplicates === 0 ? 'none' : duplicates.toLocaleString() },
        ]}
      />
      {gaps.length > 0 && (
        <details>
          <summary>Gaps</summary>
          <ul class="gaps">
            {gaps.map(({ from, to }) => (
              <li key={from}>{to - from === 1 ? from : `${from} to ${to - 1}`}</li>
            ))}
          </ul>
          <p class="quiet">A gap is no proof of a loss: only the device knows whether it ever used the number.</p>
        </details>
      )}
    </>
  );
}

function Keys({ keys }: { keys: DeviceAnswer['keys'] }) {
  if (keys.length === 0) return <p class="quiet">No key speaks for it.</p>;
  return (
    <ol class="rows keys" aria-label="Keys, in the order of the log">
      {keys.map(({ key_id: keyId, from_leaf: fromLeaf, revoked_leaf: revokedLeaf }) => (
        <li key={`${keyId} ${fromLeaf}`}>
          <Hash hex={keyId} />
          <span class="row-count">
            <a href={hrefOf({ kind: 'search', query: String(fromLeaf) })}>from leaf {fromLeaf}</a>
          </span>
          <span class="row-time">
            {revokedLeaf === null ? (
              <span class="good">in force</span>
            ) : (
              <span class="bad">revoked at leaf {revokedLeaf}</span>
            )}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Clock({ device }: { device: DeviceAnswer }) {
  const {
    clock_offset_ms: offsetMs,
    is_clock_off: isOff,
    last_device_time: deviceTimeUs,
    last_seen_at: seenAtUs,
  } = device;
  if (offsetMs === null || deviceTimeUs === null) return <p class="quiet">Its readings name no time.</p>;
  return (
    <Facts
      facts={[
        { name: 'Its newest reading says', value: <Time us={deviceTimeUs} /> },
        { name: 'Newest reading taken', value: seenAtUs !== null && <Time us={seenAtUs} /> },
        {
          name: 'Difference',
          value: (
            <span class={isOff ? 'bad' : undefined}>
              {clockOffset(offsetMs)}
              {isOff && ': the clock is off'}
            </span>
          ),
        },
      ]}
    />
  );
}

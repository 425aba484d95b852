// Devices, a line each, with what deserves a look.

import type { DeviceAnswer } from '../api/devices.ts';
import { hrefOf } from '../route.ts';
import { counted } from './counted.ts';
import { Time } from './time.tsx';

export function DeviceList({ devices }: { devices: readonly DeviceAnswer[] }) {
  if (devices.length === 0) return <p class="quiet">No device has sent anything yet.</p>;
  return (
    <ul class="rows devices">
      {devices.map((device) => (
        <li key={device.device}>
          <a class="row-name" href={hrefOf({ kind: 'device', device: device.device })}>
            {device.device}
          </a>
          <span class="row-count">{counted(device.readings, 'reading')}</span>
          <span class="row-marks">
            {device.missing > 0 && <span class="mark">{device.missing.toLocaleString()} missing</span>}
            {device.duplicates > 0 && <span class="mark">{device.duplicates.toLocaleString()} double</span>}
            {device.is_clock_off && <span class="mark">clock off</span>}
          </span>
          <span class="row-time">{device.last_seen_at !== null && <Time us={device.last_seen_at} />}</span>
        </li>
      ))}
    </ul>
  );
}

// One series as a line over time, drawn by uPlot in the colours of the page, and its extremes in words for whoever does not see it.

import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { shownNumber, shownOnScale } from '../parts/shown-number.ts';
import type { Series } from './series-of.ts';
import { TIME_AXIS } from './time-axis.ts';

const HEIGHT_PX = 200;
/** Points that are drawn as dots too. A guess: with more the line alone is clearer. */
const MAX_DOTS = 120;
/** Between two times below the chart, at least: a time with its seconds is 55 wide. */
const TIME_SPACE_PX = 72;

export function LineChart({ series }: { series: Series }) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const draw = () => {
      plot.current?.destroy();
      plot.current = new UPlot(optionsFor(element, series), dataOf(series), element);
    };
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    draw();
    resized.observe(element);
    // Colours are read once, when it is drawn.
    dark.addEventListener('change', draw);
    return () => {
      dark.removeEventListener('change', draw);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
    // Other values of the same series are put into the chart below.
  }, [series.name, series.timesS.length > MAX_DOTS]);
  useEffect(() => plot.current?.setData(dataOf(series)), [series]);
  return (
    <figure class="chart">
      <figcaption>
        <strong>{series.name}</strong> <span class="quiet">{summaryOf(series)}</span>
      </figcaption>
      <div ref={place} aria-hidden="true" />
    </figure>
  );
}

function dataOf({ timesS, values }: Series): UPlot.AlignedData {
  return [[...timesS], [...values]];
}

function optionsFor(element: HTMLElement, series: Series): UPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour('--quiet'), grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
  return {
    width: element.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { y: false },
    axes: [
      { ...axis, values: TIME_AXIS, space: TIME_SPACE_PX },
      { ...axis, size: 56, values: (_plot, splits) => splits.map((value) => shownOnScale(value)) },
    ],
    series: [
      {},
      {
        label: series.name,
        stroke: colour('--accent'),
        width: 1.5,
        points: { show: series.timesS.length <= MAX_DOTS, size: 5 },
      },
    ],
  };
}

function summaryOf({ values }: Series): string {
  const numbers = values.filter((value) => value !== null);
  const [least, most] = numbers.reduce(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  );
  const last = numbers.at(-1);
  if (last === undefined) return 'no values';
  return `last ${shownNumber(last)}, between ${shownNumber(least)} and ${shownNumber(most)}`;
}

// The charts that there are: which measurements share one, and in which unit.

import type { Point, Series } from '../api/types';
import { amount, bytes, count } from '../format';
import { Chart, type Line } from './chart';

export interface Plot {
  title: string;
  unit: (value: number) => string;
  binary?: boolean;
  lines: readonly [label: string, tone: Line['tone'], field: keyof Point][];
}

const ms = (value: number) => `${amount(value)} ms`;
export const PLOTS: readonly Plot[] = [
  {
    title: 'Requests per second',
    unit: amount,
    lines: [
      ['all', 'a', 'requests_per_s'],
      ['reads', 'b', 'reads_per_s'],
      ['writes', 'c', 'writes_per_s'],
    ],
  },
  {
    title: 'Latency',
    unit: ms,
    lines: [
      ['average', 'a', 'latency_avg_ms'],
      ['99 %', 'b', 'latency_p99_ms'],
      ['highest', 'c', 'latency_max_ms'],
    ],
  },
  {
    title: 'Connections and sessions',
    unit: count,
    lines: [
      ['connections', 'a', 'connections'],
      ['sessions', 'b', 'sessions'],
      ['outstanding', 'c', 'outstanding'],
    ],
  },
  { title: 'Sync of the log', unit: ms, lines: [['average', 'a', 'fsync_avg_ms']] },
  {
    title: 'Znodes and watches',
    unit: count,
    lines: [
      ['znodes', 'a', 'znodes'],
      ['watches', 'b', 'watches'],
    ],
  },
  { title: 'Memory', unit: bytes, binary: true, lines: [['resident', 'a', 'memory_bytes']] },
];

export function PlotCharts({ plots, series, minutes }: { plots: readonly Plot[]; series: Series; minutes: number }) {
  const { points, interval_ms } = series;
  const to = points.at(-1)?.t ?? Date.now();
  const times = points.map((point) => point.t);
  return (
    <div class="charts">
      {plots.map((plot) => (
        <Chart
          key={plot.title}
          title={plot.title}
          times={times}
          from={to - minutes * 60_000}
          to={to}
          gap_ms={interval_ms * 3.5}
          unit={plot.unit}
          binary={plot.binary ?? false}
          lines={plot.lines.map(([label, tone, field]) => ({
            label,
            tone,
            values: points.map((point) => point[field] ?? null),
          }))}
        />
      ))}
    </div>
  );
}

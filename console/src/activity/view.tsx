// What the server is busy with: charts of the last hour, the paths and clients that ask most.

import { useState } from 'preact/hooks';
import { get } from '../api/call';
import { usePoll } from '../api/poll';
import type { Hot, Point } from '../api/types';
import { amount, bytes, count, span } from '../format';
import { PathLink, Problem, Segmented, SessionLink, Waiting } from '../ui/parts';
import { Chart, type Line } from './chart';
import { useSeries } from './series';

type Range = '5' | '15' | '60';
const RANGES = [
  { value: '5', label: '5 min' },
  { value: '15', label: '15 min' },
  { value: '60', label: '1 hour' },
] as const;

interface Plot {
  title: string;
  unit: (value: number) => string;
  lines: readonly [label: string, tone: Line['tone'], field: keyof Point][];
}

const ms = (value: number) => `${amount(value)} ms`;
const PLOTS: readonly Plot[] = [
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
  { title: 'Memory', unit: bytes, lines: [['resident', 'a', 'memory_bytes']] },
];

export function ActivityView() {
  const [range, setRange] = useState<Range>('5');
  const series = useSeries();
  const points = series.data?.points ?? [];
  const to = points.at(-1)?.t ?? Date.now();
  const from = to - Number(range) * 60_000;
  const times = points.map((point) => point.t);
  const interval = series.data?.interval_ms ?? 5000;
  return (
    <>
      <div class="title-row">
        <h1>Activity</h1>
        <span class="muted">this server, every {span(interval)}</span>
        <Segmented label="Time shown" name="range" value={range} choices={RANGES} onChange={setRange} />
      </div>
      {series.error && <Problem error={series.error} />}
      {!series.data && !series.error && <Waiting />}
      {series.data && (
        <div class="charts">
          {PLOTS.map((plot) => (
            <Chart
              key={plot.title}
              title={plot.title}
              times={times}
              from={from}
              to={to}
              gap_ms={interval * 3.5}
              unit={plot.unit}
              lines={plot.lines.map(([label, tone, field]) => ({
                label,
                tone,
                values: points.map((point) => point[field] ?? null),
              }))}
            />
          ))}
        </div>
      )}
      <HotTables />
    </>
  );
}

function HotTables() {
  const hot = usePoll('hot', (signal) => get<Hot>('hot', {}, signal), 5000);
  if (hot.error && !hot.data) return <Problem error={hot.error} />;
  if (!hot.data) return null;
  const { paths, clients, window_ms } = hot.data;
  return (
    <div class="columns">
      <section class="panel" aria-labelledby="hot-paths">
        <header>
          <h2 id="hot-paths">Hot paths</h2>
          <span class="muted small">last {span(window_ms)}, sampled</span>
        </header>
        {paths.length === 0 ? (
          <p class="nothing">Nobody asked for anything.</p>
        ) : (
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Path</th>
                  <th scope="col" class="number">Reads/s</th>
                  <th scope="col" class="number">Writes/s</th>
                </tr>
              </thead>
              <tbody>
                {paths.map((row) => (
                  <tr key={row.path}>
                    <td><PathLink path={row.path} /></td>
                    <td class="number">{amount(row.reads_per_s)}</td>
                    <td class="number">{amount(row.writes_per_s)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
      <section class="panel" aria-labelledby="hot-clients">
        <header>
          <h2 id="hot-clients">Top clients</h2>
          <span class="muted small">last {span(window_ms)}</span>
        </header>
        {clients.length === 0 ? (
          <p class="nothing">No client asked for anything.</p>
        ) : (
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Address</th>
                  <th scope="col">Session</th>
                  <th scope="col" class="number">Requests/s</th>
                </tr>
              </thead>
              <tbody>
                {clients.map((row) => (
                  <tr key={`${row.address} ${row.session}`}>
                    <td class="mono">{row.address}</td>
                    <td>{row.session ? <SessionLink id={row.session} /> : '–'}</td>
                    <td class="number">{amount(row.requests_per_s)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </section>
    </div>
  );
}

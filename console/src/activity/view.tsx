// What the server is busy with: charts of the last hour, the paths and clients that ask most.

import { useState } from 'preact/hooks';
import { get } from '../api/call';
import { usePoll } from '../api/poll';
import type { Hot } from '../api/types';
import { amount, span } from '../format';
import { PathLink, Problem, Segmented, SessionLink, Waiting } from '../ui/parts';
import { PLOTS, PlotCharts } from './plots';
import { useSeries } from './series';

type Range = '5' | '15' | '60';
const RANGES = [
  { value: '5', label: '5 min' },
  { value: '15', label: '15 min' },
  { value: '60', label: '1 hour' },
] as const;

export function ActivityView() {
  const [range, setRange] = useState<Range>('5');
  const series = useSeries();
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
      {series.data && <PlotCharts plots={PLOTS} series={series.data} minutes={Number(range)} />}
      <HotTables />
    </>
  );
}

function HotTables() {
  const hot = usePoll('hot', (signal) => get<Hot>('hot', {}, signal), 5000);
  if (hot.error && !hot.data) return <Problem error={hot.error} />;
  if (!hot.data) return null;
  const { paths, clients, window_ms, sample_every } = hot.data;
  // The server looks only while somebody asks.
  const begun = window_ms >= 1000;
  const about = begun ? `last ${span(window_ms)}, one request in ${sample_every}` : 'begins to look';
  return (
    <div class="columns">
      <section class="panel" aria-labelledby="hot-paths">
        <header>
          <h2 id="hot-paths">Hot paths</h2>
          <span class="muted small">{about}</span>
        </header>
        {paths.length === 0 ? (
          <p class="nothing">{begun ? 'Nobody asked for anything.' : 'A moment…'}</p>
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
          <span class="muted small">{about}</span>
        </header>
        {clients.length === 0 ? (
          <p class="nothing">{begun ? 'No client asked for anything.' : 'A moment…'}</p>
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

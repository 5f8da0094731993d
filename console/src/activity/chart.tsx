// A chart of a few lines over time, drawn by hand. The legend doubles as the reading: what is under
// the cursor, or now. Arrow keys move the cursor as the mouse does.

import { useEffect, useRef, useState } from 'preact/hooks';
import { clock } from '../format';

export interface Line {
  label: string;
  tone: 'a' | 'b' | 'c';
  values: readonly (number | null)[];
}

export interface ChartProps {
  title: string;
  times: readonly number[];
  lines: readonly Line[];
  from: number; // ms since 1970: the left edge
  to: number;
  gap_ms: number; // a longer pause between two points breaks the line
  unit: (value: number) => string;
  binary?: boolean; // ticks at multiples of KiB, MiB and so on
}

const HEIGHT = 132;
const CHARACTER = 6.4; // of an axis
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 20;

// The least of 1, 2, 5 times a power of ten that covers `most` in at most four steps.
function stepOf(most: number, binary: boolean): number {
  if (most <= 0) return 1;
  if (binary && most >= 1024) {
    const size = 1024 ** Math.floor(Math.log2(most) / 10);
    return size * stepOf(most / size, false);
  }
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((n) => n * power).find((step) => step >= rough)!;
}

const TIME_STEPS_MS = [60_000, 120_000, 300_000, 600_000, 900_000];

export function Chart({ title, times, lines, from, to, gap_ms, unit, binary = false }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(480);
  const [cursor, setCursor] = useState<number | null>(null); // a time
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => setWidth(Math.max(200, Math.round(entry!.contentRect.width))));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);

  const first = Math.max(0, times.findIndex((t) => t >= from));
  const most = Math.max(0, ...lines.flatMap((line) => line.values.slice(first).map((value) => value ?? 0)));
  const step = stepOf(most, binary);
  const top = Math.max(step, Math.ceil(most / step) * step);
  const rows = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  const left = 10 + Math.ceil(CHARACTER * Math.max(3, ...rows.map((value) => unit(value).length)));
  const x = (t: number) => left + ((t - from) / (to - from)) * (width - left - RIGHT);
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const tick = TIME_STEPS_MS.find((ms) => (to - from) / ms <= Math.max(2, width / 90)) ?? 900_000;
  const ticks: number[] = [];
  for (let t = Math.ceil(from / tick) * tick; t <= to; t += tick) ticks.push(t);

  const at = nearest(times, cursor ?? times.at(-1) ?? 0);
  const read = (line: Line) => (at < 0 || line.values[at] == null ? '–' : unit(line.values[at]!));
  const shown = cursor !== null && at >= 0 && times[at]! >= from;

  return (
    <figure class="chart">
      <figcaption>
        <h2>{title}</h2>
        <span class="muted small when">{shown ? clock(times[at]!) : ''}</span>
        <ul>
          {lines.map((line) => (
            <li key={line.label} class={`tone-${line.tone}`}>
              <i aria-hidden="true" />
              {line.label} <b>{read(line)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div
        class="plot"
        ref={box}
        tabIndex={0}
        role="group"
        aria-label={`${title}: arrow keys read earlier moments`}
        onPointerMove={(event) => {
          const edge = event.currentTarget.getBoundingClientRect().left;
          setCursor(from + ((event.clientX - edge - left) / (width - left - RIGHT)) * (to - from));
        }}
        onPointerLeave={() => setCursor(null)}
        onBlur={() => setCursor(null)}
        onKeyDown={(event) => {
          const move = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
          if (move === 0) return;
          event.preventDefault();
          const next = times[Math.min(times.length - 1, Math.max(first, at + move))];
          if (next !== undefined) setCursor(next);
        }}
      >
        <svg width={width} height={HEIGHT} role="img" aria-label={summary(title, lines, unit)}>
          {rows.map((value) => (
            <g key={value}>
              <line class="grid" x1={left} x2={width - RIGHT} y1={y(value)} y2={y(value)} />
              <text class="axis" x={left - 6} y={y(value) + 3.5} text-anchor="end">
                {unit(value)}
              </text>
            </g>
          ))}
          {ticks.map((t) => (
            <text key={t} class="axis" x={x(t)} y={HEIGHT - 5} text-anchor="middle">
              {clock(t).slice(0, 5)}
            </text>
          ))}
          {lines.map((line) => (
            <path key={line.label} class={`line tone-${line.tone}`} d={pathOf(times, line.values, first, gap_ms, x, y)} />
          ))}
          {shown && (
            <g>
              <line class="cursor" x1={x(times[at]!)} x2={x(times[at]!)} y1={TOP} y2={HEIGHT - BOTTOM} />
              {lines.map(
                (line) =>
                  line.values[at] != null && (
                    <circle key={line.label} class={`point tone-${line.tone}`} r="3" cx={x(times[at]!)} cy={y(line.values[at]!)} />
                  ),
              )}
            </g>
          )}
        </svg>
      </div>
    </figure>
  );
}

function nearest(times: readonly number[], t: number): number {
  let best = -1;
  for (let i = 0; i < times.length; i++) {
    if (best < 0 || Math.abs(times[i]! - t) < Math.abs(times[best]! - t)) best = i;
  }
  return best;
}

function pathOf(
  times: readonly number[],
  values: readonly (number | null)[],
  first: number,
  gap_ms: number,
  x: (t: number) => number,
  y: (value: number) => number,
): string {
  let d = '';
  let pen = false;
  for (let i = first; i < times.length; i++) {
    const value = values[i];
    if (value == null) {
      pen = false;
      continue;
    }
    if (pen && times[i]! - times[i - 1]! > gap_ms) pen = false;
    d += `${pen ? 'L' : 'M'}${x(times[i]!).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = true;
  }
  return d;
}

function summary(title: string, lines: readonly Line[], unit: (value: number) => string): string {
  const parts = lines.map((line) => {
    const values = line.values.filter((value): value is number => value != null);
    if (values.length === 0) return `${line.label}: nothing yet`;
    return `${line.label}: now ${unit(values.at(-1)!)}, highest ${unit(Math.max(...values))}`;
  });
  return `${title}. ${parts.join('. ')}`;
}

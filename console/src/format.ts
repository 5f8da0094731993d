// Numbers, times and sizes as people read them.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const tenth = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const fine = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

export const count = (n: number | null | undefined): string => (n == null ? '–' : whole.format(n));

// A rate or a latency: three digits that matter.
export function amount(n: number | null | undefined): string {
  if (n == null) return '–';
  if (n === 0) return '0';
  if (Math.abs(n) >= 100) return whole.format(n);
  return fine.format(n);
}

export function bytes(n: number | null | undefined): string {
  if (n == null) return '–';
  if (n < 1024) return `${n} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let size = n / 1024;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${tenth.format(size)} ${units[unit]}`;
}

export function span(ms: number): string {
  const s = Math.max(0, ms) / 1000;
  if (ms < 1000) return `${Math.round(Math.max(0, ms))} ms`;
  if (s < 100) return `${s < 10 ? tenth.format(s) : Math.round(s)} s`;
  if (s < 100 * 60) return `${Math.round(s / 60)} min`;
  if (s < 48 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

export function ago(at: number, now = Date.now()): string {
  if (at <= 0) return 'never';
  return now - at < 2000 ? 'just now' : `${span(now - at)} ago`;
}

const pad = (n: number, width = 2) => String(n).padStart(width, '0');

export function clock(at: number): string {
  const d = new Date(at);
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;
}

export function stamp(at: number): string {
  if (at <= 0) return '–';
  const d = new Date(at);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${clock(at)}`;
}

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`;

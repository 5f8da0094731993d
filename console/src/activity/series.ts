// The last hour of measurements, kept over views and fetched piece by piece.

import { get } from '../api/call';
import { usePoll } from '../api/poll';
import type { Point, Series } from '../api/types';

const HOUR_MS = 3_600_000;
let kept: Point[] = [];

async function fetchNew(signal: AbortSignal): Promise<Series> {
  const since = kept.at(-1)?.t;
  const answer = await get<Series>('series', since === undefined ? {} : { since: since + 1 }, signal);
  const last = kept.at(-1)?.t ?? -1;
  const fresh = answer.points.filter((point) => point.t > last);
  const oldest = (fresh.at(-1)?.t ?? last) - HOUR_MS;
  kept = [...kept, ...fresh].filter((point) => point.t >= oldest);
  return { interval_ms: answer.interval_ms, points: kept };
}

export const useSeries = () => usePoll('series', fetchNew, 2500);

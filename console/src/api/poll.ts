// Asks again and again while somebody looks: not in a hidden tab, not while the server is away.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { useStore } from '../store';
import { ApiError } from './call';
import { identity } from './identity';
import { link } from './link';

export interface Polled<T> {
  data: T | undefined; // the last good answer to this question
  error: ApiError | undefined; // of the last attempt
  refresh: () => void;
}

interface State<T> {
  key: string;
  data: T | undefined;
  error: ApiError | undefined;
}

// `key` names the question: another key forgets the answer to the one before. `interval_ms` 0: once.
export function usePoll<T>(
  key: string | null,
  ask: (signal: AbortSignal) => Promise<T>,
  interval_ms: number,
): Polled<T> {
  const who = useStore(identity)?.header ?? '';
  const { up, recoveries } = useStore(link);
  const [state, setState] = useState<State<T>>({ key: '', data: undefined, error: undefined });
  const [asked, setAsked] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;

  useEffect(() => {
    if (key === null || !up) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;
    const next = (pause: number) => {
      clearTimeout(timer);
      if (interval_ms > 0 && !document.hidden && !abort.signal.aborted) timer = setTimeout(run, pause);
    };
    async function run() {
      try {
        const data = await latest.current(abort.signal);
        if (abort.signal.aborted) return;
        failures = 0;
        setState({ key: key!, data, error: undefined });
      } catch (error) {
        if (abort.signal.aborted) return;
        failures++;
        const known = error instanceof ApiError ? error : new ApiError(0, 'ERROR', String(error));
        setState((old) => ({ key: key!, data: old.key === key ? old.data : undefined, error: known }));
      }
      next(interval_ms * Math.min(2 ** failures, 8));
    }
    const seen = () => {
      clearTimeout(timer);
      if (!document.hidden) void run();
    };
    document.addEventListener('visibilitychange', seen);
    void run();
    return () => {
      abort.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
    };
  }, [key, interval_ms, who, up, recoveries, asked]);

  const refresh = useCallback(() => setAsked((n) => n + 1), []);
  const mine = state.key === key;
  return { data: mine ? state.data : undefined, error: mine ? state.error : undefined, refresh };
}

// Whether the server under this page answers. While it does not, one prober asks with growing
// pauses and everything else waits; when it is back, everybody asks again.

import { createStore } from '../store';

export interface Link {
  up: boolean;
  nextTryAt: number; // ms since 1970, while down
  recoveries: number; // grows when the server comes back
}

const PAUSES_MS = [500, 1000, 2000, 4000, 8000];

export const link = createStore<Link>({ up: true, nextTryAt: 0, recoveries: 0 });

let timer: ReturnType<typeof setTimeout> | undefined;
let failures = 0;

async function probe(): Promise<void> {
  try {
    const answer = await fetch('api/ensemble', { cache: 'no-store', signal: AbortSignal.timeout(5000) });
    await answer.arrayBuffer();
    failures = 0;
    link.set({ up: true, nextTryAt: 0, recoveries: link.get().recoveries + 1 });
  } catch {
    schedule();
  }
}

function schedule(): void {
  const pause = PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)]!;
  link.set({ ...link.get(), up: false, nextTryAt: Date.now() + pause });
  clearTimeout(timer);
  timer = setTimeout(() => void probe(), pause);
}

// A request found nobody.
export function noteUnreachable(): void {
  if (link.get().up) schedule();
}

export function tryNow(): void {
  clearTimeout(timer);
  void probe();
}

// Hidden tabs are throttled: whoever comes back should not wait for a long pause to end.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !link.get().up) tryNow();
});

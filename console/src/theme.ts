// Light, dark, or what the system says. The choice stays with the browser.

import { createStore } from './store';

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'drover.theme';

function kept(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

export const theme = createStore<Theme>(kept());

function show(): void {
  const now = theme.get();
  if (now === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = now;
}

theme.subscribe(() => {
  show();
  try {
    localStorage.setItem(KEY, theme.get());
  } catch {
    // Storage is off: until the page goes.
  }
});
show();

export function nextTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const shown = theme.get() === 'system' ? (dark ? 'dark' : 'light') : theme.get();
  theme.set(shown === 'dark' ? 'light' : 'dark');
}

// Keyboard shortcuts. They rest while a field has the focus or a dialog is open.

import { useEffect, useRef } from 'preact/hooks';

const TWO_KEYS_MS = 1000;
let prefix = '';
let prefixAt = 0;
const handlers = new Map<string, (() => void)[]>();

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.matches('textarea, select, [contenteditable], input:not([type=radio], [type=checkbox])');
}

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
  const recent = prefix !== '' && event.timeStamp - prefixAt < TWO_KEYS_MS;
  const name = recent ? `${prefix} ${event.key}` : event.key;
  prefix = '';
  const found = handlers.get(name)?.at(-1);
  if (found) {
    event.preventDefault();
    found();
  } else if (event.key === 'g') {
    prefix = 'g';
    prefixAt = event.timeStamp;
  }
});

// `key` as KeyboardEvent.key has it, or "g t" for two keys in turn; null: none now.
export function useKey(key: string | null, act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (key === null) return;
    const handler = () => latest.current();
    handlers.set(key, [...(handlers.get(key) ?? []), handler]);
    return () => {
      handlers.set(
        key,
        (handlers.get(key) ?? []).filter((other) => other !== handler),
      );
    };
  }, [key]);
}

export const SHORTCUTS: readonly (readonly [string, string])[] = [
  ['g e', 'Ensemble'],
  ['g t', 'Tree'],
  ['g s', 'Sessions'],
  ['g a', 'Activity'],
  ['/', 'Search, or filter'],
  ['↑ ↓', 'Move in the tree'],
  ['→ ←', 'Open and close a node; to its parent'],
  ['Enter', 'Show the node'],
  ['n', 'New child of the node'],
  ['e', 'Edit the data'],
  ['Ctrl Enter', 'Save what is edited'],
  ['Delete', 'Delete the node'],
  ['i', 'Sign in or out'],
  ['t', 'Light or dark'],
  ['Esc', 'Close, or cancel'],
  ['?', 'This sheet'],
];

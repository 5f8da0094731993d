// Who the user is, as the server's ACLs mean it. Held in memory, or in this tab's sessionStorage
// when the user says so; never in a cookie, never longer than the tab.

import { toBase64, utf8 } from '../encode';
import { createStore } from '../store';

export interface Identity {
  user: string;
  header: string; // of Authorization
  id: string; // user:hash, as ACLs have it
  known: boolean; // some ACL in the tree names it
  isSuper: boolean;
}

const KEY = 'drover.identity';

function kept(): Identity | null {
  try {
    const text = sessionStorage.getItem(KEY);
    return text ? (JSON.parse(text) as Identity) : null;
  } catch {
    return null; // storage is off: nothing was kept
  }
}

export const identity = createStore<Identity | null>(kept());

export function headerOf(user: string, password: string): string {
  return `Basic ${toBase64(utf8(`${user}:${password}`))}`;
}

export function signIn(who: Identity, keep: boolean): void {
  try {
    if (keep) sessionStorage.setItem(KEY, JSON.stringify(who));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Storage is off: this page alone remembers.
  }
  identity.set(who);
}

export function signOut(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
  identity.set(null);
}

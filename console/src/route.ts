// The address of what is shown: #/tree/a/b?tab=acl. Every view can be linked to.

import { createStore } from './store';

export type View = 'ensemble' | 'tree' | 'sessions' | 'activity';

export interface Route {
  view: View;
  path: string; // tree: the znode; sessions: the session's id, or ''
  query: Record<string, string>;
}

const VIEWS: readonly string[] = ['ensemble', 'tree', 'sessions', 'activity'];

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part; // typed by hand
  }
}

export function parse(hash: string): Route {
  const text = hash.replace(/^#\/?/, '');
  const mark = text.indexOf('?');
  const parts = (mark < 0 ? text : text.slice(0, mark)).split('/').map(decode);
  const query = Object.fromEntries(new URLSearchParams(mark < 0 ? '' : text.slice(mark + 1)));
  const view = (VIEWS.includes(parts[0]!) ? parts[0] : 'ensemble') as View;
  const rest = parts.slice(1).filter((part) => part !== '');
  return { view, path: view === 'tree' ? `/${rest.join('/')}` : (rest[0] ?? ''), query };
}

export function href(view: View, path = '', query: Record<string, string> = {}): string {
  const rest = path
    .split('/')
    .filter((part) => part !== '')
    .map(encodeURIComponent)
    .join('/');
  const text = new URLSearchParams(query).toString();
  return `#/${view}${rest ? `/${rest}` : ''}${text ? `?${text}` : ''}`;
}

export const route = createStore<Route>(parse(location.hash));
window.addEventListener('hashchange', () => route.set(parse(location.hash)));

export function go(view: View, path = '', query: Record<string, string> = {}): void {
  location.hash = href(view, path, query);
}

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';
export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
export const join = (parent: string, name: string): string => (parent === '/' ? `/${name}` : `${parent}/${name}`);

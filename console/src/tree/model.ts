// What of the tree is open and known. Lives as long as the page, so that coming back to the tree
// finds it as it was left. Directories are fetched in pages; open ones are asked for again while
// somebody looks.

import { get, ApiError } from '../api/call';
import type { Child, Children } from '../api/types';
import { join, nameOf, parentOf } from '../route';
import { createStore } from '../store';

const PAGE = 200;
const PAGE_MAX = 1000; // what the server gives at once
const REFRESHED_MAX = 16; // open directories that are asked for again each time

export interface Folder {
  children: readonly Child[];
  total: number;
  next: string | null;
  error: string | null;
  known: boolean; // it has been fetched
}

export interface TreeState {
  open: ReadonlySet<string>;
  folders: ReadonlyMap<string, Folder>;
}

const EMPTY: Folder = { children: [], total: 0, next: null, error: null, known: false };
export const tree = createStore<TreeState>({ open: new Set(['/']), folders: new Map() });

function put(path: string, folder: Folder): void {
  const folders = new Map(tree.get().folders);
  folders.set(path, folder);
  tree.set({ ...tree.get(), folders });
}

export async function load(path: string): Promise<void> {
  const old = tree.get().folders.get(path) ?? EMPTY;
  const limit = Math.min(PAGE_MAX, Math.max(PAGE, old.children.length));
  try {
    const answer = await get<Children>('children', { path, limit });
    // Pages behind the first thousand stay as they were fetched.
    const last = answer.children.at(-1)?.name;
    const rest =
      answer.next !== null && last !== undefined && old.children.length > limit
        ? old.children.filter((child) => child.name > last)
        : [];
    put(path, {
      children: [...answer.children, ...rest],
      total: answer.total,
      next: rest.length > 0 ? old.next : answer.next,
      error: null,
      known: true,
    });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0) return;
    if (error.status === 404) return forget(path);
    put(path, { ...EMPTY, error: error.message, known: true });
  }
}

export async function loadMore(path: string): Promise<void> {
  const old = tree.get().folders.get(path);
  if (!old || old.next === null) return;
  const answer = await get<Children>('children', { path, limit: PAGE, after: old.next });
  put(path, { ...old, children: [...old.children, ...answer.children], total: answer.total, next: answer.next });
}

// Whatever is known of `path` and below is no more.
export function forget(path: string): void {
  const gone = (other: string) => other === path || other.startsWith(path === '/' ? '/' : `${path}/`);
  const { open, folders } = tree.get();
  tree.set({
    open: new Set([...open].filter((other) => !gone(other) || other === '/')),
    folders: new Map([...folders].filter(([other]) => !gone(other))),
  });
}

export function setOpen(path: string, open: boolean): void {
  const next = new Set(tree.get().open);
  if (open) next.add(path);
  else next.delete(path);
  tree.set({ ...tree.get(), open: next });
  if (open) void load(path);
}

// Opens everything above, so that the node can be seen.
export function reveal(path: string): void {
  const above: string[] = [];
  for (let at = path; at !== '/'; ) {
    at = parentOf(at);
    above.push(at);
  }
  const { open, folders } = tree.get();
  const missing = above.filter((at) => !open.has(at) || !folders.get(at)?.known);
  if (missing.length === 0) return;
  tree.set({ ...tree.get(), open: new Set([...open, ...above]) });
  for (const at of missing) void load(at);
}

export async function refreshOpen(): Promise<void> {
  const { open } = tree.get();
  await Promise.all([...open].slice(0, REFRESHED_MAX).map(load));
}

// A row of the tree as it is shown, from top to bottom.
export interface Row {
  path: string;
  name: string;
  level: number; // 1: the root
  child: Child | null; // null: the root
  open: boolean;
  parent: string | null;
  position: number;
  siblings: number;
  more: number; // > 0: not a node, but so many children that are not yet shown
}

export function rowsOf({ open, folders }: TreeState): Row[] {
  const rows: Row[] = [];
  const add = (path: string, level: number, child: Child | null, position: number, siblings: number) => {
    const isOpen = open.has(path);
    const parent = path === '/' ? null : parentOf(path);
    rows.push({ path, name: nameOf(path) || '/', level, child, open: isOpen, parent, position, siblings, more: 0 });
    const folder = isOpen ? folders.get(path) : undefined;
    if (!folder) return;
    folder.children.forEach((one, i) => add(join(path, one.name), level + 1, one, i + 1, folder.total));
    const more = folder.total - folder.children.length;
    if (folder.next !== null && more > 0) {
      rows.push({
        path: `${path}//more`,
        name: '',
        level: level + 1,
        child: null,
        open: false,
        parent: path,
        position: folder.children.length + 1,
        siblings: folder.total,
        more,
      });
    }
  };
  add('/', 1, null, 1, 1);
  return rows;
}

// The tree as the ARIA practices have it: one stop of the tab key, arrows inside.

import { useEffect, useRef, useState } from 'preact/hooks';
import { count } from '../format';
import { go } from '../route';
import { useStore } from '../store';
import { Icon } from '../ui/icons';
import { loadMore, rowsOf, setOpen, tree, type Row } from './model';

const TYPED_MS = 700;

const hasChildren = (row: Row) => row.child === null || row.child.num_children > 0;

export function TreeList({ selected }: { selected: string }) {
  const state = useStore(tree);
  const rows = rowsOf(state);
  const [focused, setFocused] = useState(selected);
  const list = useRef<HTMLUListElement>(null);
  const typed = useRef({ text: '', at: 0 });
  useEffect(() => setFocused(selected), [selected]);
  // What is selected from elsewhere comes into sight.
  const shown = rows.some((row) => row.path === selected);
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' });
  }, [selected, shown]);

  const at = Math.max(
    0,
    rows.findIndex((row) => row.path === focused),
  );
  const focus = (path: string) => {
    setFocused(path);
    const index = rows.findIndex((row) => row.path === path);
    (list.current?.children[index] as HTMLElement | undefined)?.focus();
  };
  const act = (row: Row) => {
    if (row.more > 0) void loadMore(row.parent!);
    else go('tree', row.path);
  };
  const byName = (key: string) => {
    const now = Date.now();
    typed.current = { text: (now - typed.current.at < TYPED_MS ? typed.current.text : '') + key.toLowerCase(), at: now };
    const text = typed.current.text;
    const from = text.length === 1 ? at + 1 : at;
    const order = [...rows.slice(from), ...rows.slice(0, from)];
    return order.find((row) => row.more === 0 && row.name.toLowerCase().startsWith(text));
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[at];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    let target: Row | undefined;
    switch (event.key) {
      case 'ArrowDown':
        target = rows[at + 1];
        break;
      case 'ArrowUp':
        target = rows[at - 1];
        break;
      case 'Home':
        target = rows[0];
        break;
      case 'End':
        target = rows.at(-1);
        break;
      case 'ArrowRight':
        if (row.more > 0 || !hasChildren(row)) return;
        if (row.open) target = rows[at + 1]?.parent === row.path ? rows[at + 1] : undefined;
        else setOpen(row.path, true);
        break;
      case 'ArrowLeft':
        if (row.open && row.more === 0) setOpen(row.path, false);
        else target = rows.find((other) => other.path === row.parent);
        break;
      case 'Enter':
      case ' ':
        act(row);
        break;
      default:
        // Letters that are shortcuts stay shortcuts: a name is typed from its second letter on.
        if (event.key.length !== 1 || 'genti?/'.includes(event.key)) return;
        target = byName(event.key);
        if (!target) return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (target) focus(target.path);
  };

  return (
    <ul class="tree" role="tree" aria-label="Znodes" ref={list} onKeyDown={onKeyDown}>
      {rows.map((row, index) => (
        <li
          key={row.path}
          role="treeitem"
          aria-level={row.level}
          aria-setsize={row.siblings}
          aria-posinset={row.position}
          aria-expanded={row.more === 0 && hasChildren(row) ? row.open : undefined}
          aria-selected={row.path === selected}
          tabIndex={index === at ? 0 : -1}
          class={row.more > 0 ? 'more' : `is-${row.child?.kind ?? 'persistent'}`}
          style={{ '--level': row.level - 1 }}
          onClick={() => {
            setFocused(row.path);
            act(row);
          }}
        >
          <span
            class={row.open ? 'twist open' : 'twist'}
            aria-hidden="true"
            onClick={(event) => {
              if (row.more > 0 || !hasChildren(row)) return;
              event.stopPropagation();
              setOpen(row.path, !row.open);
            }}
          >
            {row.more === 0 && hasChildren(row) && <Icon name="chevron" />}
          </span>
          <span class="name">{row.more > 0 ? `${count(row.more)} more…` : row.name}</span>{' '}
          {row.child && row.child.num_children > 0 && (
            <span class="badge">
              {count(row.child.num_children)}
              <span class="hidden"> {row.child.num_children === 1 ? 'child' : 'children'}</span>
            </span>
          )}
          {row.open && row.more === 0 && state.folders.get(row.path)?.error && (
            <span class="badge warn" title={state.folders.get(row.path)!.error!}>
              not readable
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}

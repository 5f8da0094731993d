// The tree: on the left what there is, on the right one node. On a narrow screen one at a time.

import { useEffect, useRef, useState } from 'preact/hooks';
import { usePoll } from '../api/poll';
import { useKey } from '../keys';
import { route } from '../route';
import { useStore } from '../store';
import { Icon } from '../ui/icons';
import { Segmented } from '../ui/parts';
import { refreshOpen, reveal } from './model';
import { NodePane } from './node_pane';
import { SearchResults, type Question } from './search';
import { TreeList } from './tree_list';

const WHERE = [
  { value: 'path', label: 'Names' },
  { value: 'data', label: 'Data' },
] as const;

export function TreeView({ path }: { path: string }) {
  const { query } = useStore(route);
  const [text, setText] = useState('');
  const [where, setWhere] = useState<Question['where']>('path');
  const [listShown, setListShown] = useState(path === '/'); // on a narrow screen
  const field = useRef<HTMLInputElement>(null);
  usePoll('tree', refreshOpen, 3000);
  useEffect(() => {
    reveal(path);
    setListShown(false);
  }, [path]);
  useKey('/', () => {
    setListShown(true);
    requestAnimationFrame(() => field.current?.focus());
  });

  return (
    <div class={listShown ? 'tree-view list-shown' : 'tree-view'}>
      <section class="tree-side" aria-label="Tree">
        <search class="search">
          <label class="filter">
            <span class="hidden">Search the tree</span>
            <Icon name="search" />
            <input
              ref={field}
              type="search"
              placeholder={where === 'path' ? 'Search names' : 'Search data'}
              value={text}
              spellcheck={false}
              onInput={(event) => setText(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key === 'Escape') {
                  setText('');
                  field.current?.blur();
                }
              }}
            />
          </label>
          <Segmented label="Search in" name="where" value={where} choices={WHERE} onChange={setWhere} />
        </search>
        {text === '' ? (
          <TreeList selected={path} />
        ) : (
          <SearchResults question={{ text, where, under: '/' }} />
        )}
      </section>
      <section class="node-side" aria-label="Node">
        <button type="button" class="to-list" onClick={() => setListShown(true)}>
          <Icon name="back" /> Tree
        </button>
        <NodePane key={path} path={path} tab={query['tab'] ?? 'data'} />
      </section>
    </div>
  );
}

// Who holds a node: its owner, the queue of a lock below it, and who waits for news of it.

import { get } from '../api/call';
import { usePoll } from '../api/poll';
import type { Holders } from '../api/types';
import { plural } from '../format';
import { nameOf } from '../route';
import { PathLink, Problem, SessionLink, Waiting } from '../ui/parts';

export function HoldersTab({ path }: { path: string }) {
  const holders = usePoll(`holders ${path}`, (signal) => get<Holders>('holders', { path }, signal), 2000);
  const now = holders.data;
  if (!now) return holders.error ? <Problem error={holders.error} /> : <Waiting />;
  return (
    <div class="holders">
      <h2>Owner</h2>
      {now.owner ? (
        <p>
          <SessionLink id={now.owner.id} /> {now.owner.address && <span class="mono muted">{now.owner.address}</span>}
          <span class="muted"> – the node ends with this session</span>
        </p>
      ) : (
        <p class="nothing">No session: it is not ephemeral.</p>
      )}
      <h2>Queue</h2>
      {now.contenders.length === 0 ? (
        <p class="nothing">No ephemeral sequential children: nobody queues here.</p>
      ) : (
        <ol class="queue">
          {now.contenders.map((contender, i) => (
            <li key={contender.path} class={i === 0 ? 'first' : ''}>
              <span class="place">{i === 0 ? 'holds it' : `waits, ${i} before`}</span>
              <a class="mono path" href={`#/tree${contender.path.split('/').map(encodeURIComponent).join('/')}`}>
                {nameOf(contender.path)}
              </a>
              <SessionLink id={contender.owner} />
            </li>
          ))}
        </ol>
      )}
      <h2>{plural(now.watchers.length, 'watcher')} on this server</h2>
      {now.watchers.length === 0 ? (
        <p class="nothing">Nobody here waits for news of it.</p>
      ) : (
        <ul class="paths">
          {now.watchers.map((watcher) => (
            <li key={`${watcher.session} ${watcher.kind}`}>
              <SessionLink id={watcher.session} />
              <span class="tag">{watcher.kind}</span>
            </li>
          ))}
        </ul>
      )}
      {path !== '/' && now.contenders.length === 0 && now.owner && (
        <p class="muted small">
          If this is a place in a queue, the queue is at <PathLink path={path.slice(0, path.lastIndexOf('/')) || '/'} query={{ tab: 'holders' }} />
        </p>
      )}
    </div>
  );
}

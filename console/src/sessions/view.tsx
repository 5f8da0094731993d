// Who is connected: sessions, and of one of them its ephemerals and watches.

import { useRef, useState } from 'preact/hooks';
import { get } from '../api/call';
import { usePoll } from '../api/poll';
import type { Session, SessionDetail, Sessions } from '../api/types';
import { amount, count, plural, span } from '../format';
import { useKey } from '../keys';
import { go, href } from '../route';
import { Icon } from '../ui/icons';
import { CopyButton, PathLink, Problem, Waiting } from '../ui/parts';

const PAGE = 200;

export function SessionsView({ id }: { id: string }) {
  const [match, setMatch] = useState('');
  const [limit, setLimit] = useState(PAGE);
  const filter = useRef<HTMLInputElement>(null);
  useKey('/', () => filter.current?.focus());
  useKey(id ? 'Escape' : null, () => go('sessions'));
  const list = usePoll(
    `sessions ${match} ${limit}`,
    (signal) => get<Sessions>('sessions', { limit, match: match || undefined }, signal),
    3000,
  );
  const answer = list.data;
  return (
    <div class={id ? 'split with-detail' : 'split'}>
      <section class="split-list">
        <div class="title-row">
          <h1>Sessions</h1>
          {answer && <span class="muted">{plural(answer.total, 'session')}</span>}
          <label class="filter">
            <span class="hidden">Filter by id or address</span>
            <Icon name="search" />
            <input
              ref={filter}
              type="search"
              placeholder="Id or address"
              value={match}
              onInput={(event) => setMatch(event.currentTarget.value)}
            />
          </label>
        </div>
        {list.error && <Problem error={list.error} />}
        {!answer && !list.error && <Waiting />}
        {answer && (
          <div class="panel">
            {answer.sessions.length === 0 ? (
              <p class="nothing">{match ? 'No session fits.' : 'Nobody is connected.'}</p>
            ) : (
              <SessionTable sessions={answer.sessions} selected={id} />
            )}
            {answer.next !== null && (
              <p class="more">
                <button type="button" onClick={() => setLimit(limit + PAGE)}>
                  Show more
                </button>
              </p>
            )}
          </div>
        )}
      </section>
      {id && <SessionPane key={id} id={id} />}
    </div>
  );
}

function SessionTable({ sessions, selected }: { sessions: readonly Session[]; selected: string }) {
  return (
    <div class="scroll">
      <table class="sessions stack">
        <thead>
          <tr>
            <th scope="col">Session</th>
            <th scope="col">Client</th>
            <th scope="col" class="number">Ephemerals</th>
            <th scope="col" class="number">Watches</th>
            <th scope="col" class="number">Requests</th>
            <th scope="col" class="number">Latency</th>
            <th scope="col" class="number">Timeout</th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((session) => (
            <tr key={session.id} class={session.id === selected ? 'chosen' : ''}>
              <th scope="row">
                <a
                  class="mono"
                  href={href('sessions', session.id)}
                  aria-current={session.id === selected ? 'true' : undefined}
                >
                  {session.id}
                </a>
              </th>
              <td class="mono" data-label="Client">{session.address ?? <span class="muted">on another server</span>}</td>
              <td class="number" data-label="Ephemerals">{count(session.ephemerals)}</td>
              <td class="number" data-label="Watches">{count(session.watches)}</td>
              <td class="number" data-label="Requests">{count(session.requests)}</td>
              <td class="number" data-label="Latency">{session.latency_avg_ms == null ? '–' : `${amount(session.latency_avg_ms)} ms`}</td>
              <td class="number" data-label="Timeout">{span(session.timeout_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SessionPane({ id }: { id: string }) {
  const detail = usePoll(`session ${id}`, (signal) => get<SessionDetail>('session', { id }, signal), 3000);
  const session = detail.data;
  return (
    <section class="split-detail panel" aria-labelledby="session-title">
      <header>
        <h2 id="session-title" class="mono">{id}</h2>
        <CopyButton text={id} what="session id" />
        <a class="button quiet" href={href('sessions')} aria-label="Close the session">
          <Icon name="close" />
        </a>
      </header>
      {detail.error && (
        <Problem error={detail.error}>
          {detail.error.status === 404 && <p>It has ended, or expired; its ephemerals went with it.</p>}
        </Problem>
      )}
      {!session && !detail.error && <Waiting />}
      {session && (
        <>
          <dl class="facts">
            <div><dt>Client</dt><dd class="mono">{session.address ?? 'on another server'}</dd></div>
            <div><dt>Timeout</dt><dd>{span(session.timeout_ms)}</dd></div>
            <div><dt>Requests</dt><dd>{count(session.requests)}</dd></div>
            <div><dt>Outstanding</dt><dd>{count(session.outstanding)}</dd></div>
          </dl>
          <h3>{plural(session.ephemeral_paths.length, 'ephemeral')}</h3>
          <PathList paths={session.ephemeral_paths} none="It holds nothing." />
          <h3>{session.server === 'local' ? plural(session.watch_paths.length, 'watch', 'watches') : 'Watches'}</h3>
          {session.server !== 'local' ? (
            <p class="nothing">Watches live on the server that the client is connected to: ask there.</p>
          ) : session.watch_paths.length === 0 ? (
            <p class="nothing">It watches nothing.</p>
          ) : (
            <ul class="paths">
              {session.watch_paths.map((watch) => (
                <li key={`${watch.path} ${watch.kind}`}>
                  <PathLink path={watch.path} />
                  <span class="tag">{watch.kind}</span>
                </li>
              ))}
            </ul>
          )}
          {!!session.hidden && (
            <p class="muted small">{plural(session.hidden, 'path')} that your identity may not see.</p>
          )}
          {session.truncated && <p class="muted small">There are more than are shown.</p>}
        </>
      )}
    </section>
  );
}

function PathList({ paths, none }: { paths: readonly string[]; none: string }) {
  if (paths.length === 0) return <p class="nothing">{none}</p>;
  return (
    <ul class="paths">
      {paths.map((path) => (
        <li key={path}>
          <PathLink path={path} query={{ tab: 'holders' }} />
        </li>
      ))}
    </ul>
  );
}

// One node: where it is, what it is, and what may be done with it.

import { useState } from 'preact/hooks';
import { get } from '../api/call';
import { usePoll } from '../api/poll';
import type { Znode } from '../api/types';
import { bytes, count, plural, span, stamp } from '../format';
import { useKey } from '../keys';
import { go, href, parentOf } from '../route';
import { Icon } from '../ui/icons';
import { Ago, CopyButton, KindMark, Problem, SessionLink, Tabs, Waiting } from '../ui/parts';
import { askToSignIn, withIdentity } from '../ui/sign_in';
import { AclTab } from './acl_tab';
import { CreateDialog } from './create_dialog';
import { DataTab } from './data_tab';
import { DeleteDialog } from './delete_dialog';
import { HistoryTab } from './history_tab';
import { HoldersTab } from './holders_tab';

type Tab = 'data' | 'acl' | 'holders' | 'history';
const TABS = [
  { value: 'data', label: 'Data' },
  { value: 'acl', label: 'ACL' },
  { value: 'holders', label: 'Who holds it' },
  { value: 'history', label: 'History' },
] as const;

export function NodePane({ path, tab }: { path: string; tab: string }) {
  const node = usePoll(`node ${path}`, (signal) => get<Znode>('node', { path }, signal), 2000);
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const now = node.data;
  const shown = (TABS.some((one) => one.value === tab) ? tab : 'data') as Tab;
  const create = () => withIdentity(() => setCreating(true));
  const remove = () => withIdentity(() => setDeleting(true));
  const ephemeral = now?.kind === 'ephemeral';
  useKey(now && !ephemeral ? 'n' : null, create);
  useKey(now && path !== '/' ? 'Delete' : null, remove);

  return (
    <>
      <header class="node-head">
        <Crumbs path={path} />
        <div class="node-actions">
          <button
            type="button"
            disabled={!now || ephemeral}
            title={ephemeral ? 'An ephemeral node has no children' : 'New child (n)'}
            onClick={create}
          >
            <Icon name="plus" /> New child
          </button>
          <button type="button" class="danger" disabled={!now || path === '/'} title="Delete (Del)" onClick={remove}>
            <Icon name="trash" /> Delete
          </button>
        </div>
        {now && <Facts node={now} />}
      </header>
      {node.error && (
        <Problem error={node.error}>
          {node.error.code === 'NOAUTH' && (
            <p>
              <button type="button" onClick={() => askToSignIn()}>
                Sign in as somebody who may
              </button>
            </p>
          )}
          {node.error.code === 'NONODE' && shown !== 'history' && (
            <p>
              <a href={href('tree', path, { tab: 'history' })}>Its history</a> may tell what became of it.
            </p>
          )}
        </Problem>
      )}
      {!now && !node.error && <Waiting />}
      {(now || (node.error && shown === 'history')) && (
        <div class="node-body">
          <div class="node-main">
            <Tabs
              label="Of this node"
              value={shown}
              tabs={TABS}
              onChange={(value) => go('tree', path, value === 'data' ? {} : { tab: value })}
            >
              {shown === 'data' && now && <DataTab node={now} onChange={node.refresh} />}
              {shown === 'acl' && now && <AclTab node={now} onChange={node.refresh} />}
              {shown === 'holders' && <HoldersTab path={path} />}
              {shown === 'history' && <HistoryTab path={path} mzxid={now?.stat.mzxid ?? ''} />}
            </Tabs>
          </div>
          {now && <StatList node={now} />}
        </div>
      )}
      {creating && <CreateDialog parent={path} parentAcl={now?.acl ?? null} onClose={() => setCreating(false)} />}
      {deleting && now && (
        <DeleteDialog node={now} onClose={() => setDeleting(false)} onDeleted={() => go('tree', parentOf(path))} />
      )}
    </>
  );
}

function Crumbs({ path }: { path: string }) {
  const parts = path.split('/').filter((part) => part !== '');
  return (
    <div class="crumbs">
      <h1 class="mono" aria-label={`Node ${path}`}>
        {parts.length === 0 ? (
          <span class="here">/</span>
        ) : (
          parts.map((part, i) => (
            <span key={i}>
              <span class="slash">{i === 0 ? <a href={href('tree', '/')} aria-label="root">/</a> : '/'}</span>
              {i === parts.length - 1 ? (
                <span class="here">{part}</span>
              ) : (
                <a href={href('tree', `/${parts.slice(0, i + 1).join('/')}`)}>{part}</a>
              )}
            </span>
          ))
        )}
      </h1>
      <CopyButton text={path} what="path" />
    </div>
  );
}

function Facts({ node }: { node: Znode }) {
  return (
    <p class="node-facts">
      <KindMark kind={node.kind} />
      {node.ttl_ms != null && <span>for {span(node.ttl_ms)} after it changed</span>}
      <span>
        version <b>{node.stat.version}</b>
      </span>
      <span>{bytes(node.stat.data_length)}</span>
      <span>{plural(node.stat.num_children, 'child', 'children')}</span>
      <span>
        changed <Ago at={node.stat.mtime} />
      </span>
    </p>
  );
}

function StatList({ node }: { node: Znode }) {
  const { stat, quota } = node;
  const limit = (n: number | null | undefined) => (n == null ? 'no limit' : count(n));
  return (
    <section class="stat" aria-labelledby="stat-title">
      <h2 id="stat-title">Stat</h2>
      <dl>
        <div><dt title="zxid of its creation">czxid</dt><dd class="mono">{stat.czxid}</dd></div>
        <div><dt title="zxid of its last change of data">mzxid</dt><dd class="mono">{stat.mzxid}</dd></div>
        <div><dt title="zxid of the last change of its list of children">pzxid</dt><dd class="mono">{stat.pzxid}</dd></div>
        <div><dt title="when it was created">ctime</dt><dd>{stamp(stat.ctime)}</dd></div>
        <div><dt title="when its data last changed">mtime</dt><dd>{stamp(stat.mtime)}</dd></div>
        <div><dt title="changes of its data">version</dt><dd class="mono">{stat.version}</dd></div>
        <div><dt title="changes of its list of children">cversion</dt><dd class="mono">{stat.cversion}</dd></div>
        <div><dt title="changes of its ACL">aversion</dt><dd class="mono">{stat.aversion}</dd></div>
        <div>
          <dt title="the session that it ends with">owner</dt>
          <dd>{node.kind === 'ephemeral' ? <SessionLink id={stat.ephemeral_owner} /> : <span class="mono">{stat.ephemeral_owner}</span>}</dd>
        </div>
        <div><dt title="bytes of data">length</dt><dd class="mono">{count(stat.data_length)}</dd></div>
        <div><dt>children</dt><dd class="mono">{count(stat.num_children)}</dd></div>
        {quota && (
          <div>
            <dt title="nodes of this subtree, and how many there may be">nodes</dt>
            <dd>{count(quota.used?.count)} of {limit(quota.limits.count_hard ?? quota.limits.count)}</dd>
          </div>
        )}
        {quota && (
          <div>
            <dt title="bytes of this subtree, and how many there may be">bytes</dt>
            <dd>{count(quota.used?.bytes)} of {limit(quota.limits.bytes_hard ?? quota.limits.bytes)}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

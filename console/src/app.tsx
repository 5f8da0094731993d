// The frame: who leads, where to go, who you are; a banner while the server is away.

import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from './api/call';
import { identity } from './api/identity';
import { link, tryNow } from './api/link';
import { usePoll } from './api/poll';
import type { Ensemble } from './api/types';
import { ActivityView } from './activity/view';
import { EnsembleView, votersText } from './ensemble/view';
import { plural, span } from './format';
import { SHORTCUTS, useKey } from './keys';
import { go, href, route, type View } from './route';
import { SessionsView } from './sessions/view';
import { useStore } from './store';
import { nextTheme } from './theme';
import { TreeView } from './tree/view';
import { Dialog } from './ui/dialog';
import { Icon, type IconName } from './ui/icons';
import { Toast } from './ui/parts';
import { askToSignIn, SignInDialog } from './ui/sign_in';

const VIEWS: readonly { view: View; label: string; icon: IconName }[] = [
  { view: 'ensemble', label: 'Ensemble', icon: 'ensemble' },
  { view: 'tree', label: 'Tree', icon: 'tree' },
  { view: 'sessions', label: 'Sessions', icon: 'sessions' },
  { view: 'activity', label: 'Activity', icon: 'activity' },
];

export function App() {
  const { view, path } = useStore(route);
  const ensemble = usePoll('ensemble', (signal) => get<Ensemble>('ensemble', {}, signal), 2000);
  const [sheet, setSheet] = useState(false);
  const main = useRef<HTMLElement>(null);
  // Where the user last was in the tree: coming back goes there.
  const treePath = useRef('/');
  if (view === 'tree') treePath.current = path;

  useKey('g e', () => go('ensemble'));
  useKey('g t', () => go('tree', treePath.current));
  useKey('g s', () => go('sessions'));
  useKey('g a', () => go('activity'));
  useKey('?', () => setSheet(true));
  useKey('t', nextTheme);
  useKey('i', () => askToSignIn());
  useEffect(() => {
    const label = VIEWS.find((one) => one.view === view)!.label;
    document.title = `${view === 'tree' ? path : label} · Drover`;
  }, [view, path]);

  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        To the content
      </a>
      <header class="bar">
        <a class="brand" href={href('ensemble')}>
          <span class="mark">
            <Icon name="crook" />
          </span>
          drover
        </a>
        <Health ensemble={ensemble.data} />
        <nav class="views" aria-label="Views">
          {VIEWS.map((one) => (
            <a
              key={one.view}
              href={one.view === 'tree' ? href('tree', treePath.current) : href(one.view)}
              aria-current={one.view === view ? 'page' : undefined}
            >
              <Icon name={one.icon} />
              {one.label}
            </a>
          ))}
        </nav>
        <Who />
        <button type="button" class="quiet theme-switch" aria-label="Light or dark" title="Light or dark (t)" onClick={nextTheme}>
          <Icon name="moon" />
          <Icon name="sun" />
        </button>
        <button type="button" class="quiet help" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={() => setSheet(true)}>
          <span aria-hidden="true">?</span>
        </button>
      </header>
      <LinkBanner />
      <main id="main" ref={main} tabIndex={-1} class={`view view-${view}`}>
        {view === 'ensemble' && <EnsembleView ensemble={ensemble} />}
        {view === 'tree' && <TreeView path={path} />}
        {view === 'sessions' && <SessionsView id={path} />}
        {view === 'activity' && <ActivityView />}
      </main>
      <SignInDialog />
      {sheet && <KeySheet close={() => setSheet(false)} />}
      <Toast />
    </>
  );
}

function Health({ ensemble }: { ensemble: Ensemble | undefined }) {
  const { up } = useStore(link);
  const state = !up ? 'away' : !ensemble ? 'asking' : ensemble.serving ? ensemble.state : 'not serving';
  const good = up && ensemble?.serving;
  return (
    <p class={`health ${good ? 'good' : 'bad'}`} aria-label="Server">
      <span class="dot" aria-hidden="true" />
      <span>{state}</span>
      {good && ensemble.members.length > 1 && <span class="muted voters">{votersText(ensemble)}</span>}
      {good && <span class="mono muted zxid">{ensemble.zxid}</span>}
    </p>
  );
}

function Who() {
  const who = useStore(identity);
  return (
    <button
      type="button"
      class={who ? 'who in' : 'who'}
      title={who ? `digest:${who.id}` : 'Read-only until you sign in (i)'}
      onClick={() => askToSignIn()}
    >
      <Icon name="key" />
      {who ? who.user : 'Sign in'}
    </button>
  );
}

function LinkBanner() {
  const { up, nextTryAt } = useStore(link);
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (up) return;
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [up]);
  const wait = nextTryAt - now;
  return (
    <div role="alert">
      {!up && (
        <div class="banner">
          <p>
            <b>The server does not answer.</b> What you see may be old.{' '}
            <span aria-hidden="true">{wait > 900 ? `Next try in ${span(Math.ceil(wait / 1000) * 1000)}.` : 'Trying…'}</span>
          </p>
          <button type="button" onClick={tryNow}>
            Try now
          </button>
        </div>
      )}
    </div>
  );
}

function KeySheet({ close }: { close: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={close}>
      <dl class="keys">
        {SHORTCUTS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="muted small">{plural(SHORTCUTS.length, 'shortcut')}; they rest while you type.</p>
    </Dialog>
  );
}

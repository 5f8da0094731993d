// Signing in: the user's ACL identity, tried against the server, which tells whether any ACL in
// the tree names it. A wrong password is just another identity to ZooKeeper, so this is the only
// moment where it can be told.

import { useState } from 'preact/hooks';
import { call } from '../api/call';
import { headerOf, identity, signIn, signOut, type Identity } from '../api/identity';
import type { Whoami } from '../api/types';
import { createStore, useStore } from '../store';
import { Dialog } from './dialog';
import { FormError, messageOf, say } from './parts';

// What the user was about to do goes on once signed in.
const asking = createStore<{ then?: () => void } | null>(null);

export function askToSignIn(then?: () => void): void {
  asking.set(then ? { then } : {});
}

// Writes need an identity: does `act` now, or after signing in.
export function withIdentity(act: () => void): void {
  if (identity.get()) act();
  else askToSignIn(act);
}

export function SignInDialog() {
  const request = useStore(asking);
  const who = useStore(identity);
  if (!request) return null;
  const close = () => asking.set(null);
  const done = () => {
    close();
    request.then?.();
  };
  return who ? <SignedIn who={who} close={close} /> : <SignIn close={close} done={done} needed={!!request.then} />;
}

function SignedIn({ who, close }: { who: Identity; close: () => void }) {
  return (
    <Dialog title={`Signed in as ${who.user}`} onClose={close}>
      <p>To ACLs you are</p>
      <p class="mono wrap">digest:{who.id}</p>
      {who.isSuper && <p>You are the super user: no ACL stops you.</p>}
      {!who.known && <p>No ACL names you so far: you have what everybody has.</p>}
      <div class="actions">
        <button
          type="button"
          class="primary"
          data-first
          onClick={() => {
            signOut();
            close();
            say('Signed out');
          }}
        >
          Sign out
        </button>
        <button type="button" onClick={close}>
          Stay
        </button>
      </div>
    </Dialog>
  );
}

function SignIn({ close, done, needed }: { close: () => void; done: () => void; needed: boolean }) {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [keep, setKeep] = useState(false);
  const [unknown, setUnknown] = useState<Identity | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const enter = (as: Identity) => {
    signIn(as, keep);
    done();
    say(`Signed in as ${as.user}`);
  };
  const ask = async (event: Event) => {
    event.preventDefault();
    setWrong(null);
    setUnknown(null);
    if (user === '' || user.includes(':')) return setWrong('A user has a name, without a colon.');
    setBusy(true);
    try {
      const header = headerOf(user, password);
      const answer = await call<Whoami>('GET', 'whoami', { authorization: header });
      const id = answer.identities.find((one) => one.scheme === 'digest')?.id ?? user;
      const as = { user, header, id, known: answer.known, isSuper: answer.super };
      if (as.known || as.isSuper) enter(as);
      else setUnknown(as);
    } catch (error) {
      setWrong(messageOf(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Dialog title="Sign in" onClose={close}>
      <form onSubmit={(event) => void ask(event)} autocomplete="off">
        <p>
          {needed ? 'Changing the tree needs an identity. ' : ''}
          As an ACL identity of the scheme <code>digest</code>: the same ACLs apply as to any client.
        </p>
        <label class="field">
          User
          <input
            data-first
            name="user"
            value={user}
            autocomplete="username"
            spellcheck={false}
            onInput={(event) => setUser(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          Password
          <input
            type="password"
            name="password"
            value={password}
            autocomplete="current-password"
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        <label class="check">
          <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} />
          Until this tab is closed, also when the page is loaded again
        </label>
        <FormError text={wrong} />
        {unknown && (
          <div class="warning" role="alert">
            <p>
              <b>No ACL in this tree names {unknown.user} with this password.</b> Either the user or the password is
              wrong, or nothing has been granted to this identity yet.
            </p>
            <p class="mono wrap small">digest:{unknown.id}</p>
          </div>
        )}
        <div class="actions">
          <button type="submit" class={unknown ? '' : 'primary'} disabled={busy}>
            {unknown ? 'Try again' : 'Sign in'}
          </button>
          {unknown && (
            <button type="button" onClick={() => enter(unknown)}>
              Use it all the same
            </button>
          )}
          <button type="button" onClick={close}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

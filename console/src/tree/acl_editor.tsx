// Rows of scheme, id and five ticks; for the scheme digest a password becomes a hash here, and is
// not sent.

import { useState } from 'preact/hooks';
import type { AclEntry } from '../api/types';
import { digestId } from '../encode';
import { Icon } from '../ui/icons';
import { PERMS, SCHEMES } from './acl';

interface Props {
  acl: readonly AclEntry[];
  onChange: (acl: readonly AclEntry[]) => void;
}

export function AclEditor({ acl, onChange }: Props) {
  const change = (at: number, entry: AclEntry) => onChange(acl.map((old, i) => (i === at ? entry : old)));
  return (
    <div class="acl-editor">
      {acl.map((entry, i) => (
        <EntryRow
          key={i}
          number={i + 1}
          entry={entry}
          onChange={(next) => change(i, next)}
          onRemove={() => onChange(acl.filter((_, other) => other !== i))}
        />
      ))}
      <button type="button" onClick={() => onChange([...acl, { scheme: 'digest', id: '', perms: 'r' }])}>
        <Icon name="plus" /> Add an entry
      </button>
    </div>
  );
}

const FIXED: Partial<Record<string, string>> = { world: 'anyone', auth: '' };

function EntryRow(props: {
  number: number;
  entry: AclEntry;
  onChange: (entry: AclEntry) => void;
  onRemove: () => void;
}) {
  const { number, entry, onChange } = props;
  const [making, setMaking] = useState(false);
  const fixed = FIXED[entry.scheme];
  const schemes = (SCHEMES as readonly string[]).includes(entry.scheme) ? SCHEMES : [...SCHEMES, entry.scheme];
  return (
    <fieldset class="acl-entry">
      <legend class="hidden">Entry {number}</legend>
      <label>
        <span class="hidden">Scheme</span>
        <select
          value={entry.scheme}
          onChange={(event) => {
            const scheme = event.currentTarget.value;
            onChange({ ...entry, scheme, id: FIXED[scheme] ?? '' });
          }}
        >
          {schemes.map((scheme) => (
            <option key={scheme}>{scheme}</option>
          ))}
        </select>
      </label>
      <label class="grow">
        <span class="hidden">Id</span>
        <input
          class="mono"
          value={entry.scheme === 'auth' ? 'who you are signed in as' : entry.id}
          disabled={fixed !== undefined}
          placeholder={entry.scheme === 'digest' ? 'user:hash' : entry.scheme === 'ip' ? '10.0.0.0/8' : 'id'}
          spellcheck={false}
          onInput={(event) => onChange({ ...entry, id: event.currentTarget.value })}
        />
      </label>
      <span class="perms">
        {PERMS.map(([letter, word, what]) => (
          <label key={letter} title={`${word}: ${what}`}>
            <input
              type="checkbox"
              aria-label={word}
              checked={entry.perms.includes(letter)}
              onChange={(event) => {
                const on = event.currentTarget.checked;
                const has = (other: string) => (other === letter ? on : entry.perms.includes(other));
                onChange({ ...entry, perms: PERMS.map(([other]) => other).filter(has).join('') });
              }}
            />
            <span aria-hidden="true">{letter}</span>
          </label>
        ))}
      </span>
      <button type="button" class="quiet" aria-label={`Remove entry ${number}`} onClick={props.onRemove}>
        <Icon name="close" />
      </button>
      {entry.scheme === 'digest' && !making && (
        <button type="button" class="link" onClick={() => setMaking(true)}>
          Make from a password
        </button>
      )}
      {entry.scheme === 'digest' && making && (
        <HashMaker
          onMade={(id) => {
            onChange({ ...entry, id });
            setMaking(false);
          }}
        />
      )}
    </fieldset>
  );
}

function HashMaker({ onMade }: { onMade: (id: string) => void }) {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  return (
    <span class="hash-maker">
      <label>
        User
        <input value={user} autocomplete="off" onInput={(event) => setUser(event.currentTarget.value)} />
      </label>
      <label>
        Password
        <input
          type="password"
          value={password}
          autocomplete="new-password"
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </label>
      <button type="button" disabled={user === '' || user.includes(':')} onClick={() => onMade(digestId(user, password))}>
        Make the id
      </button>
    </span>
  );
}

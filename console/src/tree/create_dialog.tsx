// A new child.

import { useState } from 'preact/hooks';
import { call } from '../api/call';
import { identity } from '../api/identity';
import type { AclEntry, Stat } from '../api/types';
import { toBase64, utf8 } from '../encode';
import { go, join } from '../route';
import { Dialog } from '../ui/dialog';
import { FormError, Segmented, messageOf, say } from '../ui/parts';
import { OPEN_ACL, wrongWith } from './acl';
import { AclEditor } from './acl_editor';
import { load, setOpen } from './model';

type Kind = 'persistent' | 'container' | 'ttl';
type Access = 'parent' | 'open' | 'mine' | 'own';

const KINDS = [
  { value: 'persistent', label: 'Persistent' },
  { value: 'container', label: 'Container' },
  { value: 'ttl', label: 'TTL' },
] as const;

const KIND_NOTES: Record<Kind, string> = {
  persistent: 'Stays until somebody deletes it.',
  container: 'Goes by itself some time after its last child has gone.',
  ttl: 'Goes by itself when it has no children and nobody changed it for so long.',
};

export function CreateDialog(props: { parent: string; parentAcl: AclEntry[] | null; onClose: () => void }) {
  const { parent, parentAcl, onClose } = props;
  const [name, setName] = useState('');
  const [kind, setKind] = useState<Kind>('persistent');
  const [seconds, setSeconds] = useState('3600');
  const [sequential, setSequential] = useState(false);
  const [data, setData] = useState('');
  const [access, setAccess] = useState<Access>(parentAcl ? 'parent' : 'open');
  const [own, setOwn] = useState<readonly AclEntry[]>(parentAcl ?? OPEN_ACL);
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  const aclNow = (): readonly AclEntry[] => {
    if (access === 'parent') return parentAcl!;
    if (access === 'mine') return [{ scheme: 'auth', id: '', perms: 'cdrwa' }];
    return access === 'open' ? OPEN_ACL : own;
  };
  const fault = (): string | null => {
    if (name === '' && !sequential) return 'It needs a name.';
    if (name === '.' || name === '..' || /[/\u0000]/.test(name)) return 'A name has no slash, and is not . or ..';
    if (kind === 'ttl' && !(Number(seconds) > 0)) return 'The time to live is a number of seconds above 0.';
    return wrongWith(aclNow());
  };
  const create = async (event: Event) => {
    event.preventDefault();
    const why = fault();
    if (why) return setWrong(why);
    setBusy(true);
    setWrong(null);
    try {
      const body = {
        path: join(parent, name),
        data: toBase64(utf8(data)),
        acl: aclNow(),
        kind,
        sequential: sequential && kind !== 'container',
        ...(kind === 'ttl' ? { ttl_ms: Math.round(Number(seconds) * 1000) } : {}),
      };
      const made = await call<{ path: string; stat: Stat }>('POST', 'node', { body });
      say(`Created ${made.path}`);
      setOpen(parent, true);
      await load(parent);
      onClose();
      go('tree', made.path);
    } catch (error) {
      setBusy(false);
      setWrong(messageOf(error));
    }
  };

  return (
    <Dialog title={`New child of ${parent}`} onClose={onClose} wide>
      <form onSubmit={(event) => void create(event)}>
        <label class="field">
          Name
          <span class="prefixed">
            <span class="mono muted" aria-hidden="true">
              {parent === '/' ? '/' : `${parent}/`}
            </span>
            <input
              class="mono"
              data-first
              name="name"
              value={name}
              spellcheck={false}
              autocomplete="off"
              onInput={(event) => setName(event.currentTarget.value)}
            />
          </span>
        </label>
        <div class="field">
          <Segmented label="Kind" name="kind" value={kind} choices={KINDS} onChange={setKind} />
          <span class="muted small">{KIND_NOTES[kind]}</span>
        </div>
        {kind === 'ttl' && (
          <label class="field">
            Seconds to live
            <input type="number" min="1" value={seconds} onInput={(event) => setSeconds(event.currentTarget.value)} />
          </label>
        )}
        {kind !== 'container' && (
          <label class="check">
            <input type="checkbox" checked={sequential} onChange={(event) => setSequential(event.currentTarget.checked)} />
            Sequential: ten digits that count up follow the name
          </label>
        )}
        <label class="field">
          Data
          <textarea class="mono" rows={5} spellcheck={false} value={data} onInput={(event) => setData(event.currentTarget.value)} />
        </label>
        <label class="field">
          ACL
          <select value={access} onChange={(event) => setAccess(event.currentTarget.value as Access)}>
            {parentAcl && <option value="parent">as {parent} has it</option>}
            <option value="open">everybody may do everything</option>
            <option value="mine">{identity.get()?.user ?? 'whoever creates it'} alone may do everything</option>
            <option value="own">one of its own…</option>
          </select>
        </label>
        {access === 'own' && <AclEditor acl={own} onChange={setOwn} />}
        <FormError text={wrong} />
        <div class="actions">
          <button type="submit" class="primary" disabled={busy}>
            Create
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

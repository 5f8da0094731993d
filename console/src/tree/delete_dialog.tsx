// Deleting a node, or a whole subtree: then the name has to be typed, and the server checks that
// the subtree is still as large as it was when the user agreed.

import { useState } from 'preact/hooks';
import { ApiError, call, get } from '../api/call';
import { usePoll } from '../api/poll';
import type { Subtree, Znode } from '../api/types';
import { bytes, count, plural } from '../format';
import { nameOf, parentOf } from '../route';
import { Dialog } from '../ui/dialog';
import { FormError, messageOf, say } from '../ui/parts';
import { forget, load } from './model';

export function DeleteDialog(props: { node: Znode; onClose: () => void; onDeleted: () => void }) {
  const { node, onClose, onDeleted } = props;
  const { path } = node;
  const name = nameOf(path);
  const below = node.stat.num_children > 0;
  const size = usePoll(below ? `subtree ${path}` : null, (signal) => get<Subtree>('subtree', { path }, signal), 0);
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const total = size.data?.count;
  const agreed = !below || (total !== undefined && (typed === name || typed === String(total)));

  const remove = async (event: Event) => {
    event.preventDefault();
    if (!agreed) return setWrong(`Type ${name}, or the count, to say that you mean it.`);
    setBusy(true);
    setWrong(null);
    try {
      const query = below ? { path, recursive: true, expect: total } : { path, version: node.stat.version };
      const answer = await call<{ deleted?: number }>('DELETE', 'node', { query });
      say(below ? `Deleted ${path}: ${plural(answer.deleted ?? total!, 'node')}` : `Deleted ${path}`);
      onClose();
      onDeleted();
      forget(path);
      void load(parentOf(path));
    } catch (error) {
      setBusy(false);
      setTyped('');
      setWrong(messageOf(error));
      if (error instanceof ApiError && error.status === 409) size.refresh();
    }
  };

  return (
    <Dialog title={below ? 'Delete a subtree' : 'Delete a node'} onClose={onClose}>
      <form onSubmit={(event) => void remove(event)}>
        <p class="mono wrap">{path}</p>
        {below && (
          <>
            <p>
              {size.data ? (
                <>
                  <b>{plural(total!, 'node')}</b>, {bytes(size.data.bytes)} of data
                  {size.data.ephemerals > 0 && (
                    <>
                      , and of these <b>{plural(size.data.ephemerals, 'ephemeral')}</b> that live clients hold
                    </>
                  )}
                  . This cannot be undone.
                </>
              ) : size.error ? (
                size.error.message
              ) : (
                'Counting…'
              )}
            </p>
            <label class="field">
              <span>
                To agree, type <b class="mono">{name}</b>
                {total !== undefined && <> or {count(total)}</>}
              </span>
              <input
                data-first
                class="mono"
                value={typed}
                autocomplete="off"
                spellcheck={false}
                onInput={(event) => setTyped(event.currentTarget.value)}
              />
            </label>
          </>
        )}
        {!below && <p>Version {node.stat.version}, {bytes(node.stat.data_length)} of data. This cannot be undone.</p>}
        <FormError text={wrong} />
        <div class="actions">
          <button type="submit" class="danger solid" disabled={busy || !agreed}>
            {below && total !== undefined ? `Delete ${plural(total, 'node')}` : 'Delete'}
          </button>
          <button type="button" {...(below ? {} : { 'data-first': true })} onClick={onClose}>
            Cancel
          </button>
        </div>
      </form>
    </Dialog>
  );
}

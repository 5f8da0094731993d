// Who may do what with a node.

import { useState } from 'preact/hooks';
import { call } from '../api/call';
import { identity } from '../api/identity';
import type { AclEntry, Znode } from '../api/types';
import { useStore } from '../store';
import { Icon } from '../ui/icons';
import { FormError, messageOf, say } from '../ui/parts';
import { withIdentity } from '../ui/sign_in';
import { PERMS, wrongWith } from './acl';
import { AclEditor } from './acl_editor';

export function AclTab({ node, onChange }: { node: Znode; onChange: () => void }) {
  const [draft, setDraft] = useState<readonly AclEntry[] | null>(null);
  const [version, setVersion] = useState(0);
  const [wrong, setWrong] = useState<string | null>(null);
  const who = useStore(identity);
  const { acl } = node;
  if (acl === null) return <p class="nothing">Your identity may not read its ACL.</p>;
  const edit = () =>
    withIdentity(() => {
      setVersion(node.stat.aversion);
      setDraft(acl);
    });
  const save = async () => {
    const fault = wrongWith(draft!);
    if (fault) return setWrong(fault);
    try {
      await call('PUT', 'acl', { body: { path: node.path, acl: draft, version } });
      setDraft(null);
      setWrong(null);
      say(`ACL of ${node.path} saved`);
      onChange();
    } catch (error) {
      setWrong(messageOf(error));
    }
  };
  if (draft) {
    return (
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <AclEditor acl={draft} onChange={setDraft} />
        <FormError text={wrong} />
        <div class="actions">
          <button type="submit" class="primary">
            Save ACL
          </button>
          <button
            type="button"
            onClick={() => {
              setDraft(null);
              setWrong(null);
            }}
          >
            Cancel
          </button>
        </div>
      </form>
    );
  }
  return (
    <>
      <div class="tool-row">
        <span class="muted small">aversion {node.stat.aversion}</span>
        <button type="button" class="push" onClick={edit}>
          <Icon name="pencil" /> Edit ACL
        </button>
      </div>
      <div class="scroll">
        <table class="acl stack">
          <thead>
            <tr>
              <th scope="col">Scheme</th>
              <th scope="col">Id</th>
              {PERMS.map(([letter, word, what]) => (
                <th scope="col" key={letter} class="tick" title={what}>
                  {word}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {acl.map((entry) => (
              <tr key={`${entry.scheme}:${entry.id}`}>
                <td data-label="Scheme">{entry.scheme}</td>
                <td class="mono wrap" data-label="Id">
                  {entry.id}
                  {who?.id === entry.id && entry.scheme === 'digest' && <span class="tag">you</span>}
                </td>
                {PERMS.map(([letter, word]) => (
                  <td key={letter} class="tick" data-label={word}>
                    {entry.perms.includes(letter) ? (
                      <>
                        <Icon name="check" />
                        <span class="hidden">{word}</span>
                      </>
                    ) : (
                      <span class="muted" aria-hidden="true">·</span>
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

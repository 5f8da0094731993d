// What a node holds: as text, JSON or hex; editing it checks that nobody was faster.

import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ApiError, call } from '../api/call';
import type { Znode } from '../api/types';
import { asJson, asText, fromBase64, fromHex, hexDump, toBase64, toHex, utf8 } from '../encode';
import { bytes as sizeOf } from '../format';
import { useKey } from '../keys';
import { Icon } from '../ui/icons';
import { CopyButton, FormError, Segmented, messageOf, say } from '../ui/parts';
import { withIdentity } from '../ui/sign_in';
import { JsonText } from './json_text';

type Form = 'text' | 'json' | 'hex';
const SHOWN_MAX = 128 * 1024;

export function DataTab({ node, onChange }: { node: Znode; onChange: () => void }) {
  const data = useMemo(() => (node.data === null ? null : fromBase64(node.data)), [node.data]);
  const text = useMemo(() => (data ? asText(data) : null), [data]);
  const json = useMemo(() => (text === null ? null : asJson(text)), [text]);
  const [wish, setWish] = useState<Form | null>(null);
  const [editing, setEditing] = useState<{ version: number; draft: string; form: Form } | null>(null);
  const [whole, setWhole] = useState(false);
  const best: Form = json !== null ? 'json' : text !== null ? 'text' : 'hex';
  const form = wish === 'json' && json === null ? best : wish === 'text' && text === null ? 'hex' : (wish ?? best);

  const edit = () =>
    withIdentity(() => {
      if (!data) return;
      const draft = form === 'hex' ? toHex(data) : form === 'json' ? json! : text!;
      setEditing({ version: node.stat.version, draft, form });
    });
  useKey(editing === null && data !== null ? 'e' : null, edit);

  if (data === null) return <p class="nothing">Your identity may not read what it holds.</p>;
  if (editing) {
    return (
      <Editor
        node={node}
        {...editing}
        onDone={() => {
          setEditing(null);
          onChange();
        }}
        onCancel={() => setEditing(null)}
      />
    );
  }
  const cut = !whole && data.length > SHOWN_MAX;
  const part = cut ? data.subarray(0, SHOWN_MAX) : data;
  return (
    <>
      <div class="tool-row">
        <Segmented
          label="Show data as"
          name="form"
          value={form}
          choices={[
            { value: 'text', label: 'Text', disabled: text === null },
            { value: 'json', label: 'JSON', disabled: json === null },
            { value: 'hex', label: 'Hex' },
          ]}
          onChange={setWish}
        />
        <span class="muted small">{sizeOf(data.length)}</span>
        <CopyButton text={form === 'hex' ? hexDump(data) : (text ?? '')} what="data" />
        <button type="button" class="push" title="Edit (e)" onClick={edit}>
          <Icon name="pencil" /> Edit
        </button>
      </div>
      {data.length === 0 ? (
        <p class="nothing">It holds no data.</p>
      ) : (
        <pre class="data" tabIndex={0} aria-label="Data">
          {form === 'hex' ? hexDump(part) : form === 'json' ? <JsonText text={cut ? json!.slice(0, SHOWN_MAX) : json!} /> : text!.slice(0, cut ? SHOWN_MAX : undefined)}
        </pre>
      )}
      {cut && (
        <p class="more">
          <button type="button" onClick={() => setWhole(true)}>
            Show all {sizeOf(data.length)}
          </button>
        </p>
      )}
    </>
  );
}

interface EditorProps {
  node: Znode;
  version: number; // of what is edited
  draft: string;
  form: Form;
  onDone: () => void;
  onCancel: () => void;
}

function bytesOf(draft: string, form: Form): Uint8Array | string {
  if (form === 'hex') return fromHex(draft) ?? 'Hex is pairs of the digits 0-9 and a-f.';
  if (form === 'json') {
    try {
      JSON.parse(draft);
    } catch (error) {
      return `No JSON: ${messageOf(error)}`;
    }
  }
  return utf8(draft);
}

function Editor({ node, version, draft: first, form, onDone, onCancel }: EditorProps) {
  const [draft, setDraft] = useState(first);
  const [wrong, setWrong] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => field.current?.focus(), []); // before the next key
  const overtaken = node.stat.version !== version;

  const save = async (over: number) => {
    const data = bytesOf(draft, form);
    if (typeof data === 'string') return setWrong(data);
    setBusy(true);
    setWrong(null);
    try {
      await call('PUT', 'node', { body: { path: node.path, data: toBase64(data), version: over } });
      say(`Saved ${node.path}`);
      onDone();
    } catch (error) {
      setBusy(false);
      setWrong(
        error instanceof ApiError && error.code === 'BADVERSION'
          ? 'Somebody changed this node since you began. Look at the History before you save over it.'
          : messageOf(error),
      );
    }
  };

  return (
    <form
      class="editor"
      onSubmit={(event) => {
        event.preventDefault();
        void save(version);
      }}
    >
      <label class="field">
        <span class="hidden">Data of {node.path} as {form}</span>
        <textarea
          ref={field}
          class="data"
          spellcheck={false}
          value={draft}
          onInput={(event) => setDraft(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.preventDefault();
              void save(version);
            } else if (event.key === 'Escape' && draft === first) {
              onCancel();
            }
          }}
        />
      </label>
      <FormError text={wrong} />
      {overtaken && (
        <div class="warning" role="alert">
          <p>
            You edit version {version}; it is at version {node.stat.version} now.
          </p>
        </div>
      )}
      <div class="actions">
        <button type="submit" class="primary" disabled={busy || overtaken}>
          Save
        </button>
        {overtaken && (
          <button type="button" class="danger" disabled={busy} onClick={() => void save(node.stat.version)}>
            Save over version {node.stat.version}
          </button>
        )}
        <button type="button" onClick={onCancel}>
          Cancel
        </button>
        <span class="muted small push">
          {form === 'json' ? 'JSON, saved as it stands here' : form === 'hex' ? 'pairs of hex digits' : 'UTF-8'} · based on
          version {version}
        </span>
      </div>
    </form>
  );
}

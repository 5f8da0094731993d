// Small pieces that every view uses.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiError } from '../api/call';
import type { Kind } from '../api/types';
import { href } from '../route';
import { createStore, useStore } from '../store';
import { ago, stamp } from '../format';
import { Icon } from './icons';

// -- what is said at the foot of the page, for a while

interface Said {
  text: string;
  number: number;
}
const said = createStore<Said | null>(null);
let saidTimer: ReturnType<typeof setTimeout> | undefined;

export function say(text: string): void {
  said.set({ text, number: (said.get()?.number ?? 0) + 1 });
  clearTimeout(saidTimer);
  saidTimer = setTimeout(() => said.set(null), 3500);
}

export function Toast() {
  const now = useStore(said);
  return (
    <div class="toast" role="status" aria-live="polite">
      {now && <p key={now.number}>{now.text}</p>}
    </div>
  );
}

// -- times that grow old on the page

const minute = createStore(Date.now());
setInterval(() => {
  if (!document.hidden) minute.set(Date.now());
}, 5000);

export function Ago({ at }: { at: number }) {
  const now = useStore(minute);
  if (at <= 0) return <>–</>;
  return (
    <time dateTime={new Date(at).toISOString()} title={stamp(at)}>
      {ago(at, Math.max(now, at))}
    </time>
  );
}

// -- errors

export function Problem({ error, children }: { error: ApiError; children?: ComponentChildren }) {
  return (
    <div class="problem" role="alert">
      <p>
        <b class="mono">{error.code}</b> {error.message}
      </p>
      {children}
    </div>
  );
}

export function FormError({ text }: { text: string | null }) {
  return (
    <div role="alert" class="form-error">
      {text}
    </div>
  );
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

// -- links and marks

export function SessionLink({ id }: { id: string }) {
  return (
    <a class="mono" href={href('sessions', id)}>
      {id}
    </a>
  );
}

export function PathLink({ path, query }: { path: string; query?: Record<string, string> }) {
  return (
    <a class="mono path" href={href('tree', path, query)}>
      {path}
    </a>
  );
}

export function KindMark({ kind }: { kind: Kind }) {
  return <span class={`kind kind-${kind}`}>{kind}</span>;
}

export function CopyButton({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <button
      type="button"
      class="quiet"
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={() => void copy(text).then(setDone)}
    >
      <Icon name={done ? 'check' : 'copy'} />
    </button>
  );
}

// The clipboard API is missing on pages that come by plain HTTP from another machine.
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand('copy');
    field.remove();
    return done;
  }
}

// -- one of a few

export interface Choice<T extends string> {
  value: T;
  label: string;
  disabled?: boolean;
}

export function Segmented<T extends string>(props: {
  label: string;
  name: string;
  value: T;
  choices: readonly Choice<T>[];
  onChange: (value: T) => void;
}) {
  return (
    <fieldset class="segmented">
      <legend class="hidden">{props.label}</legend>
      {props.choices.map((choice) => (
        <label key={choice.value}>
          <input
            type="radio"
            name={props.name}
            checked={choice.value === props.value}
            disabled={choice.disabled ?? false}
            onChange={() => props.onChange(choice.value)}
          />
          <span>{choice.label}</span>
        </label>
      ))}
    </fieldset>
  );
}

export function Tabs<T extends string>(props: {
  label: string;
  value: T;
  tabs: readonly { value: T; label: ComponentChildren }[];
  onChange: (value: T) => void;
  children: ComponentChildren;
}) {
  const list = useRef<HTMLDivElement>(null);
  const at = props.tabs.findIndex((tab) => tab.value === props.value);
  const move = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = (at + step + props.tabs.length) % props.tabs.length;
    props.onChange(props.tabs[next]!.value);
    (list.current?.children[next] as HTMLElement).focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={props.label} ref={list} onKeyDown={move}>
        {props.tabs.map((tab) => (
          <button
            key={tab.value}
            type="button"
            role="tab"
            id={`tab-${tab.value}`}
            aria-selected={tab.value === props.value}
            aria-controls="tab-panel"
            tabIndex={tab.value === props.value ? 0 : -1}
            onClick={() => props.onChange(tab.value)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id="tab-panel" aria-labelledby={`tab-${props.value}`}>
        {props.children}
      </div>
    </>
  );
}

export function Waiting() {
  return (
    <p class="waiting" aria-busy="true">
      Asking the server…
    </p>
  );
}

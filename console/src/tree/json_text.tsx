// Indented JSON with its keys, texts and numbers told apart.

import { useMemo } from 'preact/hooks';

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;
const COLOURED_MAX = 64 * 1024;

export function JsonText({ text }: { text: string }) {
  const parts = useMemo(() => {
    if (text.length > COLOURED_MAX) return [text];
    const found = [];
    let end = 0;
    for (const match of text.matchAll(TOKEN)) {
      if (match.index > end) found.push(text.slice(end, match.index));
      const [all, quoted, colon, number] = match;
      if (quoted !== undefined) {
        found.push(<span class={colon ? 'j-key' : 'j-text'}>{quoted}</span>, colon ?? '');
      } else {
        found.push(<span class={number !== undefined ? 'j-number' : 'j-word'}>{all}</span>);
      }
      end = match.index + all.length;
    }
    found.push(text.slice(end));
    return found;
  }, [text]);
  return <>{parts}</>;
}

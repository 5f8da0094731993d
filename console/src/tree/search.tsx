// Finding nodes by their names or by what they hold, a bounded piece at a time.

import { useEffect, useState } from 'preact/hooks';
import { get } from '../api/call';
import type { Matches } from '../api/types';
import { count, plural } from '../format';
import { FormError, PathLink, Waiting, messageOf } from '../ui/parts';

export interface Question {
  text: string;
  where: 'path' | 'data';
  under: string;
}

export function SearchResults({ question }: { question: Question }) {
  const [found, setFound] = useState<Matches['matches']>([]);
  const [visited, setVisited] = useState(0);
  const [next, setNext] = useState<string | null>(null);
  const [busy, setBusy] = useState(true);
  const [wrong, setWrong] = useState<string | null>(null);

  const ask = async (after: string | null, signal?: AbortSignal) => {
    setBusy(true);
    setWrong(null);
    try {
      const { text, where, under } = question;
      const answer = await get<Matches>('search', { q: text, in: where, under, after: after ?? undefined }, signal);
      setFound((old) => (after === null ? answer.matches : [...old, ...answer.matches]));
      setVisited((old) => (after === null ? 0 : old) + answer.visited);
      setNext(answer.complete ? null : answer.next);
      setBusy(false);
    } catch (error) {
      if (signal?.aborted) return;
      setWrong(messageOf(error));
      setBusy(false);
    }
  };
  useEffect(() => {
    const abort = new AbortController();
    const pause = setTimeout(() => void ask(null, abort.signal), 150); // while somebody types
    return () => {
      clearTimeout(pause);
      abort.abort();
    };
  }, [question.text, question.where, question.under]);

  return (
    <div class="results">
      <p class="muted small" role="status">
        {busy ? 'Looking…' : `${plural(found.length, 'match', 'matches')} in ${plural(visited, 'node')}${next ? ' so far' : ''}`}
      </p>
      <FormError text={wrong} />
      {busy && found.length === 0 && <Waiting />}
      <ul class="paths">
        {found.map((match) => (
          <li key={match.path}>
            <PathLink path={match.path} />
          </li>
        ))}
      </ul>
      {next !== null && !busy && (
        <p class="more">
          <button type="button" onClick={() => void ask(next)}>
            Look further, after {count(visited)}
          </button>
        </p>
      )}
    </div>
  );
}

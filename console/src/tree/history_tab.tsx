// What the transaction logs on disk still know of a node, and the difference between two moments.

import { useMemo, useState } from 'preact/hooks';
import { call } from '../api/call';
import { usePoll } from '../api/poll';
import type { Change, History } from '../api/types';
import { diffLines } from '../diff';
import { asJson, asText, fromBase64, hexDump } from '../encode';
import { bytes, stamp } from '../format';
import { Ago, Problem, SessionLink, Waiting } from '../ui/parts';

const PAGE = 100;

// A new mzxid means that there is more to tell.
export function HistoryTab({ path, mzxid }: { path: string; mzxid: string }) {
  const [limit, setLimit] = useState(PAGE);
  const history = usePoll(
    `history ${path} ${mzxid} ${limit}`,
    (signal) => call<History>('GET', 'history', { query: { path, limit }, signal }),
    0,
  );
  const [picked, setPicked] = useState<{ from: string; to: string } | null>(null);
  const answer = history.data;
  const changes = useMemo(
    () => [...(answer?.changes ?? [])].sort((a, b) => (BigInt(a.zxid) < BigInt(b.zxid) ? 1 : -1)),
    [answer],
  );
  if (!answer) return history.error ? <Problem error={history.error} /> : <Waiting />;
  const back = answer.reaches_back_to;
  const told = changes.filter((change) => change.data !== null || change.op === 'delete');
  const byZxid = (zxid: string | undefined) => told.find((change) => change.zxid === zxid);
  const to = byZxid(picked?.to) ?? told[0];
  const from = byZxid(picked?.from) ?? told[told.indexOf(to!) + 1];

  return (
    <>
      {changes.length === 0 ? (
        <p class="nothing">The logs on this server's disk know of no change.</p>
      ) : (
        <div class="scroll">
          <table class="history">
            <thead>
              <tr>
                <th scope="col">From</th>
                <th scope="col">To</th>
                <th scope="col">Zxid</th>
                <th scope="col">When</th>
                <th scope="col">What</th>
                <th scope="col" class="number">Version</th>
                <th scope="col" class="number">Size</th>
                <th scope="col">Session</th>
              </tr>
            </thead>
            <tbody>
              {changes.map((change) => (
                <tr key={change.zxid}>
                  {(['from', 'to'] as const).map((end) => (
                    <td key={end} class="pick">
                      {told.includes(change) && (
                        <input
                          type="radio"
                          name={`diff-${end}`}
                          aria-label={`${end} ${change.zxid}`}
                          checked={(end === 'from' ? from : to) === change}
                          onChange={() =>
                            setPicked({ from: from?.zxid ?? change.zxid, to: to?.zxid ?? change.zxid, [end]: change.zxid })
                          }
                        />
                      )}
                    </td>
                  ))}
                  <td class="mono">{change.zxid}</td>
                  <td title={stamp(change.time)}>
                    <Ago at={change.time} />
                  </td>
                  <td>{change.op}</td>
                  <td class="number">{change.op === 'delete' ? '–' : change.version}</td>
                  <td class="number">{change.data === null ? '–' : bytes(fromBase64(change.data).length)}</td>
                  <td>
                    <SessionLink id={change.session} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <p class="muted small">
        {back
          ? `The logs on this server's disk reach back to ${stamp(back.time)} (${back.zxid}).`
          : "This server's disk holds no logs."}
        {!answer.complete && ' There is more than is shown.'}
      </p>
      {!answer.complete && (
        <p class="more">
          <button type="button" onClick={() => setLimit(limit + PAGE)}>
            Show more
          </button>
        </p>
      )}
      {to && from && to !== from && <Diff from={from} to={to} />}
    </>
  );
}

function formOf(change: Change): { text: string; binary: boolean } {
  if (change.data === null) return { text: '', binary: false };
  const data = fromBase64(change.data);
  const text = asText(data);
  if (text === null) return { text: hexDump(data), binary: true };
  return { text: asJson(text) ?? text, binary: false };
}

function Diff({ from, to }: { from: Change; to: Change }) {
  const lines = useMemo(() => {
    const before = formOf(from);
    const after = formOf(to);
    const hex = before.binary || after.binary;
    const text = (change: Change, form: { text: string; binary: boolean }) =>
      hex && !form.binary && change.data !== null ? hexDump(fromBase64(change.data)) : form.text;
    return diffLines(text(from, before), text(to, after));
  }, [from, to]);
  const gone = lines.filter((line) => line.kind === 'gone').length;
  const fresh = lines.filter((line) => line.kind === 'new').length;
  const signs = { same: ' ', gone: '−', new: '+' } as const;
  return (
    <section aria-labelledby="diff-title">
      <h2 id="diff-title">
        <span class="mono">{from.zxid}</span> → <span class="mono">{to.zxid}</span>{' '}
        <span class="diff-gone">−{gone}</span> <span class="diff-new">+{fresh}</span>
      </h2>
      {gone + fresh === 0 ? (
        <p class="nothing">The data is the same.</p>
      ) : (
        <pre class="data diff" tabIndex={0} aria-label="Difference">
          {lines.map((line, i) => (
            <span key={i} class={`diff-line diff-${line.kind}`}>
              {`${signs[line.kind]} ${line.text}\n`}
            </span>
          ))}
        </pre>
      )}
    </section>
  );
}

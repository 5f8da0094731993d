// The ensemble live: who leads, how far behind the others are, how leadership went from hand to hand.

import type { Polled } from '../api/poll';
import type { Ensemble, Member, Point } from '../api/types';
import { PLOTS, PlotCharts } from '../activity/plots';
import { useSeries } from '../activity/series';
import { amount, bytes, count, plural, span, stamp } from '../format';
import { href } from '../route';
import { Ago, Problem, Waiting } from '../ui/parts';

export function EnsembleView({ ensemble }: { ensemble: Polled<Ensemble> }) {
  const series = useSeries().data;
  const now = ensemble.data;
  return (
    <>
      <div class="title-row">
        <h1>{now && now.members.length < 2 ? 'Server' : 'Ensemble'}</h1>
        {now && <span class="muted">drover {now.version}</span>}
      </div>
      {ensemble.error && !now && <Problem error={ensemble.error} />}
      {!now && !ensemble.error && <Waiting />}
      {now && (
        <>
          <Summary now={now} points={series?.points.slice(-60) ?? []} />
          <Members now={now} />
          {series && <PlotCharts plots={PLOTS.slice(0, 2)} series={series} minutes={15} />}
          <Elections now={now} />
        </>
      )}
    </>
  );
}

const latest = (now: Ensemble) => [...now.elections].sort((a, b) => b.at - a.at)[0];

// Whose client port the configuration does not name cannot be asked: that is not the same as away.
const isAskable = (member: Member) => member.reachable || !!member.client_address;

export function votersText(now: Ensemble): string {
  const voters = now.members.filter((member) => member.voter);
  const reachable = voters.filter((member) => member.reachable).length;
  return voters.every(isAskable) ? `${reachable} of ${voters.length} voters reachable` : plural(voters.length, 'voter');
}

function Summary({ now, points }: { now: Ensemble; points: readonly Point[] }) {
  const last = points.at(-1);
  const leader = now.members.find((member) => member.role === 'leader')?.id ?? latest(now)?.leader;
  return (
    <dl class="figures">
      <div>
        <dt>{now.members.length < 2 ? 'State' : 'Leader'}</dt>
        <dd>{now.members.length < 2 ? now.state : leader !== undefined && now.serving ? `server ${leader}` : 'none'}</dd>
        <dd class="muted small">
          {now.members.length < 2 ? (now.serving ? 'serving' : 'not serving') : votersText(now)}
        </dd>
      </div>
      <div>
        <dt>Last zxid</dt>
        <dd class="mono">{now.zxid}</dd>
        <dd class="muted small">epoch {count(now.epoch)}</dd>
      </div>
      <div>
        <dt>Requests</dt>
        <dd>
          {amount(last?.requests_per_s)} <span class="muted">/s</span>
        </dd>
        <dd><Spark values={points.map((point) => point.requests_per_s)} label="Requests per second, last minutes" /></dd>
      </div>
      <div>
        <dt>Latency</dt>
        <dd>
          {amount(last?.latency_avg_ms)} <span class="muted">ms</span>
        </dd>
        <dd><Spark values={points.map((point) => point.latency_avg_ms)} label="Average latency, last minutes" /></dd>
      </div>
      <div>
        <dt>Znodes</dt>
        <dd>{count(last?.znodes)}</dd>
        <dd class="muted small">{last ? `${bytes(last.memory_bytes)} of memory` : ''}</dd>
      </div>
      <div>
        <dt>Sessions</dt>
        <dd>
          <a href={href('sessions')}>{count(last?.sessions)}</a>
        </dd>
        <dd class="muted small">{last ? plural(last.watches, 'watch', 'watches') : ''}</dd>
      </div>
    </dl>
  );
}

function Spark({ values, label }: { values: readonly (number | null)[]; label: string }) {
  const known = values.map((value) => value ?? 0);
  const most = Math.max(...known, 1e-9);
  const d = known
    .map((value, i) => `${i === 0 ? 'M' : 'L'}${((i / Math.max(1, known.length - 1)) * 100).toFixed(1)} ${(17 - (value / most) * 15).toFixed(1)}`)
    .join('');
  return (
    <svg class="spark" viewBox="0 0 100 18" preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="line tone-a" d={d} />
    </svg>
  );
}

function Members({ now }: { now: Ensemble }) {
  return (
    <section class="panel" aria-labelledby="members">
      <header>
        <h2 id="members">{plural(now.members.length, 'member')}</h2>
      </header>
      <div class="scroll">
        <table class="members stack">
          <thead>
            <tr>
              <th scope="col">Server</th>
              <th scope="col">Role</th>
              <th scope="col">Last zxid</th>
              <th scope="col">Lag</th>
              <th scope="col">Clients at</th>
              <th scope="col">Peers at</th>
              <th scope="col" class="number">Connections</th>
              <th scope="col" class="number">Outstanding</th>
              <th scope="col" class="number">Latency</th>
            </tr>
          </thead>
          <tbody>
            {now.members.map((member) => (
              <MemberRow key={member.id} member={member} self={member.id === now.self} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function MemberRow({ member, self }: { member: Member; self: boolean }) {
  const role = member.reachable || member.role !== 'unknown' ? member.role : isAskable(member) ? 'away' : 'not asked';
  return (
    <tr class={member.reachable ? '' : 'away'}>
      <th scope="row">
        <span class="only-stacked">Server </span>
        {member.id}
        {self && <span class="tag">this one</span>}
        {!member.voter && <span class="tag">no vote</span>}
      </th>
      <td data-label="Role">
        <span class={`role role-${role.replace(' ', '-')}`}>{role}</span>
        {!member.reachable && member.why && <span class="muted small why">{member.why}</span>}
      </td>
      <td class="mono" data-label="Last zxid">{member.zxid ?? '–'}</td>
      <td data-label="Lag">
        <Lag lag={member.lag} />
      </td>
      <td class="mono" data-label="Clients at">{member.client_address || '–'}</td>
      <td class="mono" data-label="Peers at">{member.address || '–'}</td>
      <td class="number" data-label="Connections">{count(member.connections)}</td>
      <td class="number" data-label="Outstanding">{count(member.outstanding)}</td>
      <td class="number" data-label="Latency">{member.latency_avg_ms == null ? '–' : `${amount(member.latency_avg_ms)} ms`}</td>
    </tr>
  );
}

function Lag({ lag }: { lag: number | null }) {
  if (lag == null) return <span class="muted">–</span>;
  if (lag === 0) return <span class="muted">level</span>;
  return <span class={lag > 1000 ? 'warn' : ''}>{count(lag)} behind</span>;
}

function Elections({ now }: { now: Ensemble }) {
  if (now.members.length < 2) return null;
  return (
    <section class="panel" aria-labelledby="elections">
      <header>
        <h2 id="elections">Elections</h2>
        <span class="muted small">seen by this server since it started</span>
      </header>
      {now.elections.length === 0 ? (
        <p class="nothing">None so far.</p>
      ) : (
        <ol class="elections">
          {[...now.elections]
            .sort((a, b) => b.at - a.at)
            .map((election) => (
              <li key={`${election.at} ${election.epoch}`}>
                <span class="mono">epoch {count(election.epoch)}</span>
                <span>
                  server <b>{election.leader}</b> leads
                </span>
                <span class="muted">{election.took_ms == null ? '' : `after ${span(election.took_ms)}`}</span>
                <span class="muted" title={stamp(election.at)}>
                  <Ago at={election.at} />
                </span>
              </li>
            ))}
        </ol>
      )}
    </section>
  );
}

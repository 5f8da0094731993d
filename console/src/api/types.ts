// What the server's console API says (docs/console.md). Numbers of 64 bits come as "0x…", times as
// milliseconds since 1970, data as base64.

export type Role = 'leader' | 'follower' | 'observer' | 'standalone' | 'unknown';

export interface Member {
  id: number;
  role: Role;
  voter: boolean;
  address: string;
  client_address: string | null;
  zxid: string | null;
  lag: number | null;
  reachable: boolean;
  why?: string | null;
  connections: number | null;
  outstanding: number | null;
  latency_avg_ms: number | null;
}

export interface Election {
  at: number;
  epoch: number;
  leader: number;
  took_ms: number | null;
}

export interface Ensemble {
  self: number;
  state: string;
  serving: boolean;
  epoch: number;
  zxid: string;
  version: string;
  members: Member[];
  elections: Election[];
}

export type Kind = 'persistent' | 'ephemeral' | 'container' | 'ttl';

export interface Stat {
  czxid: string;
  mzxid: string;
  pzxid: string;
  ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  ephemeral_owner: string;
  data_length: number;
  num_children: number;
}

export interface AclEntry {
  scheme: string;
  id: string;
  perms: string;
}

export interface Znode {
  path: string;
  stat: Stat;
  kind: Kind;
  ttl_ms: number | null;
  data: string | null;
  acl: AclEntry[] | null;
  quota: Quota | null;
}

// null: no limit
export interface Quota {
  limits: { count: number | null; bytes: number | null; count_hard: number | null; bytes_hard: number | null };
  used: { count: number | null; bytes: number | null } | null;
}

export interface Child {
  name: string;
  num_children: number;
  data_length: number;
  kind: Kind;
  mtime: number;
}

export interface Children {
  children: Child[];
  total: number;
  next: string | null;
}

export interface Matches {
  matches: { path: string; where: 'path' | 'data' }[];
  visited: number;
  complete: boolean;
  next: string | null;
}

export interface Whoami {
  identities: { scheme: string; id: string }[];
  known: boolean;
  super: boolean;
}

export interface Session {
  id: string;
  timeout_ms: number;
  ephemerals: number;
  watches: number | null;
  server: 'local' | 'elsewhere';
  address: string | null;
  latency_avg_ms: number | null;
  outstanding: number | null;
  requests: number | null;
}

export interface Sessions {
  sessions: Session[];
  total: number;
  next: string | null;
}

export interface SessionDetail extends Session {
  ephemeral_paths: string[];
  watch_paths: { path: string; kind: string }[];
  hidden?: number; // more that this identity may not see
  truncated: boolean;
}

export interface Holders {
  owner: Omit<Session, 'ephemerals'> | null;
  watchers: { session: string; kind: string }[];
  contenders: { path: string; owner: string }[];
}

export interface Hot {
  window_ms: number;
  sample_every: number; // one request in so many is looked at
  paths: { path: string; reads_per_s: number; writes_per_s: number }[];
  clients: { address: string; session: string | null; requests_per_s: number }[];
}

export interface Point {
  t: number;
  requests_per_s: number;
  reads_per_s: number;
  writes_per_s: number;
  latency_avg_ms: number;
  latency_max_ms: number;
  latency_p99_ms: number;
  outstanding: number;
  connections: number;
  sessions: number;
  watches: number;
  znodes: number;
  fsync_avg_ms: number;
  memory_bytes: number;
}

export interface Series {
  interval_ms: number;
  points: Point[];
}

export interface Change {
  zxid: string;
  time: number;
  session: string;
  op: string;
  version: number;
  data: string | null;
}

export interface History {
  changes: Change[];
  reaches_back_to: { zxid: string; time: number } | null;
  complete: boolean;
}

export interface Subtree {
  count: number;
  bytes: number;
  ephemerals: number;
}

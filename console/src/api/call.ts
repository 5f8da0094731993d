// One request to the console's API.

import { identity } from './identity';
import { noteUnreachable } from './link';

const PATIENCE_MS = 15_000;

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: the server did not answer
    readonly code: string, // ZooKeeper's name, as NONODE
    message: string,
    readonly body: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

export interface Request {
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  authorization?: string; // instead of the signed-in identity
  signal?: AbortSignal;
}

export async function call<T>(method: string, path: string, request: Request = {}): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const headers: Record<string, string> = {};
  const authorization = request.authorization ?? identity.get()?.header;
  if (authorization) headers['Authorization'] = authorization;
  if (request.body !== undefined) headers['Content-Type'] = 'application/json';
  const text = query.toString();
  let answer: Response;
  let body: string;
  try {
    answer = await fetch(`api/${path}${text ? `?${text}` : ''}`, {
      method,
      headers,
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.any
        ? AbortSignal.any([AbortSignal.timeout(PATIENCE_MS), ...(request.signal ? [request.signal] : [])])
        : (request.signal ?? null),
      ...(request.body !== undefined ? { body: JSON.stringify(request.body) } : {}),
    });
    body = await answer.text();
  } catch (error) {
    if (request.signal?.aborted) throw error;
    noteUnreachable();
    throw new ApiError(0, 'CONNECTIONLOSS', 'The server did not answer.');
  }
  let json: unknown = null;
  try {
    json = body === '' ? {} : JSON.parse(body);
  } catch {
    // An answer from before the API, such as "not found".
  }
  if (answer.ok && json !== null) return json as T;
  const fields = (typeof json === 'object' && json !== null ? json : {}) as Record<string, unknown>;
  const said = typeof fields['message'] === 'string' ? fields['message'] : body.trim();
  const code = typeof fields['error'] === 'string' ? fields['error'] : `HTTP ${answer.status}`;
  throw new ApiError(answer.status, code, said || `The server answered ${answer.status}.`, fields);
}

export const get = <T>(path: string, query?: Request['query'], signal?: AbortSignal): Promise<T> =>
  call<T>('GET', path, { ...(query ? { query } : {}), ...(signal ? { signal } : {}) });

/** The wire: one function that asks this server, and the errors it answers with. The token lives here and in sessionStorage, and goes nowhere but into the
 * Authorization header. */

const TOKEN_KEY = 'headrace.token';

let token = sessionStorage.getItem(TOKEN_KEY);
let onRefused: (why: string) => void = () => {};

export const getToken = () => token;

export function setToken(value: string | null) {
  token = value;
  if (value) sessionStorage.setItem(TOKEN_KEY, value);
  else sessionStorage.removeItem(TOKEN_KEY);
}

/** Called when the server no longer takes the token. */
export function whenRefused(handler: (why: string) => void) {
  onRefused = handler;
}

export interface Remedy {
  kind: 'advice' | 'command' | 'grant';
  text: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly remedy?: Remedy,
  ) {
    super(message);
  }
}

interface Options {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Answer this status with null, not with an error. */
  none?: number;
  /** Try another token than the one that is kept: signing in. */
  token?: string;
}

/** An error's message, or its cause and what to do about it; see add_remedy in rest.c. */
function toError(status: number, text: string): ApiError {
  let code = `HTTP ${status}`,
    message = text.slice(0, 500) || `the server answered ${status} without an explanation`,
    remedy: Remedy | undefined;
  try {
    const json = JSON.parse(text),
      info = json.error?.additionalInfo?.find((one: { type?: string }) => one.type === 'Remedy')?.info;
    code = json.error?.code ?? code;
    message = info?.cause ?? json.error?.message ?? json.msg ?? message;
    remedy = info && { kind: info.kind, text: info.text };
  } catch {
    /* not JSON: the text itself is the explanation */
  }
  return new ApiError(status, code, message, remedy);
}

async function send(path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json', ...options.headers };
  const used = options.token ?? token;
  if (used) headers['authorization'] = `Bearer ${used}`;
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  try {
    return await fetch(path, {
      method: options.method ?? 'GET',
      headers,
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      signal: options.signal,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ApiError(
      0,
      'Unreachable',
      'the server does not answer: is "headrace serve" running, and this machine online?',
    );
  }
}

async function answer(path: string, options: Options): Promise<{ response: Response; text: string }> {
  const response = await send(path, options),
    text = await response.text();
  if (response.ok) return { response, text };
  if (response.status === options.none) return { response, text: '' };
  const error = toError(response.status, text);
  if (response.status === 401 && !options.token) onRefused(error.message);
  throw error;
}

/** Asks the server; resolves with the reply's JSON (null without a body), rejects with ApiError. */
export async function ask<T = any>(path: string, options: Options = {}): Promise<T> {
  const { text } = await answer(path, options);
  return (text ? JSON.parse(text) : null) as T;
}

/** As ask, with a header of the reply. */
export async function askHeader<T = any>(
  path: string,
  header: string,
  options: Options = {},
): Promise<[T, string | null]> {
  const { response, text } = await answer(path, options);
  return [(text ? JSON.parse(text) : null) as T, response.headers.get(header)];
}

/** A path segment. */
export const seg = encodeURIComponent;

/** As ask, for bytes. */
export async function askBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await send(path, {});
  if (!response.ok) throw toError(response.status, await response.text());
  return new Uint8Array(await response.arrayBuffer());
}

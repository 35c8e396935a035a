/** Loading, the address bar, and the theme. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ApiError } from './api/client';

export interface Loaded<T> {
  data: T | undefined;
  error: ApiError | undefined;
  loading: boolean;
  reload: () => void;
  set: (data: T) => void;
}

/** What `load` resolves to. What was there stays on the page while it is asked again; `key` names what is asked for: a new key starts anew.
 * `pollMs` asks again after each answer, for as long as it returns a number. */
export function useLoaded<T>(
  key: string | null,
  load: () => Promise<T>,
  pollMs?: (data: T) => number | null,
): Loaded<T> {
  const [state, setState] = useState<{ key: string | null; data?: T; error?: ApiError }>({ key: null });
  const [round, setRound] = useState(0);
  const loader = useRef(load),
    poller = useRef(pollMs);
  loader.current = load;
  poller.current = pollMs;
  useEffect(() => {
    if (key === null) return;
    let live = true,
      timer = 0,
      polled = false;
    const once = (): unknown => {
      // nobody looks: ask again when somebody does
      if (document.hidden && polled) return (timer = window.setTimeout(once, 1000));
      polled = true;
      return loader.current().then(
        (data) => {
          if (!live) return;
          setState({ key, data });
          const wait = poller.current?.(data);
          if (wait) timer = window.setTimeout(once, wait);
        },
        (error) => {
          if (!live) return;
          setState((before) => ({ key, data: before.key === key ? before.data : undefined, error }));
          if (poller.current) timer = window.setTimeout(once, 3000);
        },
      );
    };
    void once();
    return () => {
      live = false;
      clearTimeout(timer);
    };
  }, [key, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  const set = useCallback((data: T) => setState({ key, data }), [key]);
  const current: { data?: T; error?: ApiError } = state.key === key ? state : {};
  return {
    data: current.data,
    error: current.error,
    loading: key !== null && !current.data && !current.error,
    reload,
    set,
  };
}

export interface Action {
  busy: boolean;
  error: ApiError | null;
  /** Does it once; what it throws is kept in `error` until the next time. Resolves to whether it was done. */
  run: (act: () => Promise<unknown>) => Promise<boolean>;
}

/** Something that is asked of the server when somebody wants it: whether it is under way, and why it failed. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const run = useCallback(async (act: () => Promise<unknown>) => {
    setBusy(true);
    setError(null);
    try {
      await act();
      return true;
    } catch (failure) {
      setError(failure as ApiError);
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  return { busy, error, run };
}

/* ---- addresses: /studio/… ---- */

const BASE = '/studio';
const listeners = new Set<() => void>();

export const here = () => location.pathname.slice(BASE.length) || '/';

export function go(path: string, replace = false) {
  if (replace) history.replaceState(null, '', BASE + path);
  else history.pushState(null, '', BASE + path);
  for (const listener of listeners) listener();
  window.scrollTo(0, 0);
}

export const href = (path: string) => BASE + path;

export function usePath(): string {
  const [path, setPath] = useState(here());
  useEffect(() => {
    const changed = () => setPath(here());
    listeners.add(changed);
    addEventListener('popstate', changed);
    return () => {
      listeners.delete(changed);
      removeEventListener('popstate', changed);
    };
  }, []);
  return path;
}

export function useTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Headrace studio`;
  }, [title]);
}

/* ---- theme ---- */

export type Theme = 'system' | 'light' | 'dark';
const THEME_KEY = 'headrace.theme';

export const savedTheme = (): Theme => {
  const value = localStorage.getItem(THEME_KEY);
  return value === 'light' || value === 'dark' ? value : 'system';
};

export function applyTheme(theme: Theme) {
  if (theme === 'system') {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem(THEME_KEY);
  } else {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem(THEME_KEY, theme);
  }
}

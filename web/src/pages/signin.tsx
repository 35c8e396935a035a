/** Signing in with a token. Over a page whose token is no longer taken, the page stays behind it as it was. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { me, type Principal } from '../api/azure';
import { ApiError, setToken } from '../api/client';
import { Button, Command, Field, Notice } from '../ui/kit';
import { Mark } from '../ui/icons';

export function SignIn({
  why,
  keeps,
  onDone,
}: {
  why: string | null;
  keeps: boolean;
  onDone: (principal: Principal) => void;
}) {
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const input = useRef<HTMLInputElement>(null);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal(); // above whatever dialog was open when the token ended
    input.current?.focus();
    document.title = 'Sign in · Headrace studio';
  }, []);

  const submit = async (event: Event) => {
    event.preventDefault();
    const token = text.trim();
    if (!token) {
      setError('Paste your token here.');
      input.current?.focus();
      return;
    }
    setBusy(true);
    setError('');
    try {
      const principal = await me(token);
      setToken(token);
      onDone(principal);
    } catch (failure) {
      const problem = failure as ApiError;
      setError(
        problem.status === 401
          ? 'This server does not take that token: it may have expired, belong to another server, or be cut off. Copy it again, whole.'
          : `${problem.message}.`,
      );
      input.current?.select();
    } finally {
      setBusy(false);
    }
  };

  return (
    <dialog
      ref={dialog}
      class="signin"
      aria-labelledby="signin-title"
      onCancel={(event) => event.preventDefault()}
      onClose={() => dialog.current?.isConnected && dialog.current.showModal()}
    >
      <form class="signin-card" onSubmit={submit} noValidate>
        <div class="brand">
          <Mark />
          <span>Headrace</span>
        </div>
        <h1 id="signin-title">{keeps ? 'Sign in again' : 'Sign in to the studio'}</h1>
        {keeps ? (
          <Notice tone="warn" title="Your token is no longer accepted">
            <p>
              It has expired or was removed{why ? <> (the server says: {why})</> : null}. What you were doing is kept:
              sign in and go on where you were.
            </p>
          </Notice>
        ) : (
          why && (
            <Notice tone="warn" title="Your last token is no longer accepted">
              <p>It has expired, was removed, or belongs to another server.</p>
            </Notice>
          )
        )}
        <Field
          label="Token"
          error={error}
          required
          help="It stays in this browser tab and is forgotten when you close it."
        >
          {(ids) => (
            <input
              {...ids}
              ref={input}
              type="password"
              name="token"
              autocomplete="current-password"
              spellcheck={false}
              autocapitalize="off"
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
              placeholder="hr_…"
            />
          )}
        </Field>
        <Button kind="primary" type="submit" busy={busy}>
          Sign in
        </Button>
        <details>
          <summary>Where do I find a token?</summary>
          <p>The owner’s is in the server’s home:</p>
          <Command text="headrace env" />
          <p>An owner makes one for somebody else:</p>
          <Command text="headrace user create NAME" />
        </details>
      </form>
    </dialog>
  );
}

/** The parts that every page is made of. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { ApiError, type Remedy } from '../api/client';
import { type Action, go, href, type Loaded, useAction, useTitle } from '../hooks';
import { Icon, type IconName } from './icons';

export function A({
  to,
  children,
  class: name,
  current,
  ...rest
}: {
  to: string;
  children: ComponentChildren;
  class?: string;
  current?: boolean;
  onClick?: () => void;
  'aria-label'?: string;
}) {
  const follow = (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    rest.onClick?.();
    go(to);
  };
  return (
    <a
      href={href(to)}
      class={name}
      aria-current={current ? 'page' : undefined}
      aria-label={rest['aria-label']}
      onClick={follow}
    >
      {children}
    </a>
  );
}

type ButtonProps = {
  children: ComponentChildren;
  kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  icon?: IconName;
  busy?: boolean;
  small?: boolean;
} & Omit<JSX.IntrinsicElements['button'], 'icon' | 'size'>;

export function Button({ children, kind = 'plain', icon, busy, small, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={`button ${kind} ${small ? 'small' : ''}`}
      aria-disabled={busy || rest.disabled ? 'true' : undefined}
      aria-busy={busy}
      disabled={rest.disabled}
      onClick={busy ? (event) => event.preventDefault() : rest.onClick}
    >
      {busy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

export function ButtonLink({
  to,
  children,
  icon,
  kind = 'plain',
}: {
  to: string;
  children: ComponentChildren;
  icon?: IconName;
  kind?: 'primary' | 'plain' | 'quiet';
}) {
  return (
    <A to={to} class={`button ${kind}`}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </A>
  );
}

/** Heading, explanation and actions of a page. `crumb` is the way back up. */
export function Page({
  title,
  lead,
  actions,
  crumb,
  children,
  tag,
}: {
  title: string;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  crumb?: [string, string];
  children: ComponentChildren;
  tag?: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useTitle(title);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div class="page">
      <header class="page-head">
        {crumb && (
          <nav aria-label="Breadcrumb" class="crumb">
            <A to={crumb[0]}>{crumb[1]}</A>
            <Icon name="chevron" />
          </nav>
        )}
        <div class="page-title">
          <h1 tabIndex={-1} ref={heading}>
            {title}
          </h1>
          {tag}
          {actions && <div class="actions">{actions}</div>}
        </div>
        {lead && <p class="lead">{lead}</p>}
      </header>
      {children}
    </div>
  );
}

export function Card({
  title,
  actions,
  children,
  flush,
  lead,
}: {
  title?: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
  flush?: boolean;
  lead?: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class="card" aria-labelledby={title ? id : undefined}>
      {title && (
        <header class="card-head">
          <div>
            <h2 id={id}>{title}</h2>
            {lead && <p>{lead}</p>}
          </div>
          {actions && <div class="actions">{actions}</div>}
        </header>
      )}
      <div class={flush ? 'flush' : 'card-body'}>{children}</div>
    </section>
  );
}

export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName;
  title: string;
  children: ComponentChildren;
  action?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      <h3>{title}</h3>
      <p>{children}</p>
      {action && <div class="actions">{action}</div>}
    </div>
  );
}

/** Lines where a table will be, as tall as its rows. */
export function Skeleton({ rows = 3, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <div class="skeleton" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, i) => (
        <div class="skeleton-row" key={i}>
          <span style={{ width: `${34 - i * 5}%` }} />
          <span style={{ width: '18%' }} />
          <span style={{ width: '12%' }} />
        </div>
      ))}
    </div>
  );
}

const TONES: Record<string, string> = {
  succeeded: 'good',
  completed: 'good',
  available: 'good',
  idle: 'good',
  ready: 'good',
  finished: 'good',
  ok: 'good',
  failed: 'bad',
  error: 'bad',
  dead: 'bad',
  canceled: 'mute',
  cancelled: 'mute',
  killed: 'mute',
  stopped: 'mute',
  creating: 'busy',
  provisioning: 'busy',
  inprogress: 'busy',
  running: 'busy',
  busy: 'busy',
  starting: 'busy',
  waiting: 'busy',
  queued: 'busy',
  notstarted: 'busy',
  not_started: 'busy',
  preparing: 'busy',
  finalizing: 'busy',
};

export function Status({ state, label }: { state: string; label?: string }) {
  const words = (label ?? state).replace(/_/g, ' ').replace(/([a-z])([A-Z])/g, '$1 $2');
  return (
    <span class={`status ${TONES[state.toLowerCase()] ?? 'mute'}`}>
      <i aria-hidden="true" />
      {words.charAt(0).toUpperCase() + words.slice(1).toLowerCase()}
    </span>
  );
}

export function Tag({ children }: { children: ComponentChildren }) {
  return <span class="tag">{children}</span>;
}

/** A button that puts text on the clipboard and says so. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [done, setDone] = useState<'' | 'yes' | 'no'>('');
  const copy = async () => {
    try {
      if (navigator.clipboard) await navigator.clipboard.writeText(text);
      else copyByHand(text);
      setDone('yes');
    } catch {
      setDone('no');
    }
    setTimeout(() => setDone(''), 2000);
  };
  return (
    <button type="button" class="copy" onClick={copy} aria-label={`Copy ${what}`} title={`Copy ${what}`}>
      <Icon name={done === 'yes' ? 'check' : 'copy'} />
      <span role="status" class="copied">
        {done === 'yes' ? 'Copied' : done === 'no' ? 'Not allowed' : ''}
      </span>
    </button>
  );
}

/** Over plain http on another address browsers have no clipboard interface. */
function copyByHand(text: string) {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'off-screen';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('not allowed');
}

export function Mono({ text, what, short }: { text: string; what: string; short?: string }) {
  return (
    <span class="mono-copy">
      <code title={short ? text : undefined}>{short ?? text}</code>
      <Copy text={text} what={what} />
    </span>
  );
}

export function Command({ text }: { text: string }) {
  return (
    <div class="command">
      <code>{text}</code>
      <Copy text={text} what="command" />
    </div>
  );
}

/** Words in quotes are names: set as code. */
export function Explained({ text }: { text: string }) {
  return <>{text.split(/("[^"]*")/).map((part, i) => (i % 2 ? <code key={i}>{part.slice(1, -1)}</code> : part))}</>;
}

const REFUSAL = /^principal "(.+?)" \((.+?)\) may not (.+?): role "(.+?)" is missing on scope "(.+?)"$/;

/** What went wrong, in the server's words, with what to do about it. */
export function Problem({
  error,
  title,
  children,
}: {
  error: ApiError | Error;
  title?: string;
  children?: ComponentChildren;
}) {
  const api = error instanceof ApiError ? error : undefined,
    refusal = REFUSAL.exec(error.message);
  const scope = refusal?.[5] ?? '';
  return (
    <div class="problem" role="alert">
      <Icon name="alert" />
      <div>
        <h3>{title ?? (refusal ? 'Your roles do not allow this' : 'That did not work')}</h3>
        {refusal ? (
          <dl class="facts">
            <div>
              <dt>Principal</dt>
              <dd>
                {refusal[1]} <code>{refusal[2]}</code>
              </dd>
            </div>
            <div>
              <dt>May not</dt>
              <dd>{refusal[3]}</dd>
            </div>
            <div>
              <dt>Missing role</dt>
              <dd>{refusal[4]}</dd>
            </div>
            <div>
              <dt>Scope</dt>
              <dd>
                <code>{scope}</code>
              </dd>
            </div>
          </dl>
        ) : (
          <p>
            <Explained text={sentence(error.message)} />
          </p>
        )}
        {api?.remedy && <Next remedy={api.remedy} />}
        {children}
      </div>
    </div>
  );
}

/** What to do about it: a grant is another's to give, a command is the reader's own, and advice is a sentence. */
function Next({ remedy }: { remedy: Remedy }) {
  if (remedy.kind === 'advice')
    return (
      <p class="remedy">
        <Explained text={sentence(remedy.text)} />
      </p>
    );
  return (
    <>
      <p class="remedy">
        {remedy.kind === 'grant' ? 'Who may assign roles there can grant it with:' : 'On the command line:'}
      </p>
      <Command text={remedy.text} />
    </>
  );
}

/** A capital and a full stop. */
export function sentence(text: string) {
  const trimmed = text.trim();
  return trimmed.charAt(0).toUpperCase() + trimmed.slice(1) + (/[.!?]$/.test(trimmed) ? '' : '.');
}

export function Notice({
  tone = 'info',
  title,
  children,
}: {
  tone?: 'info' | 'good' | 'warn';
  title?: string;
  children?: ComponentChildren;
}) {
  return (
    <div class={`notice ${tone}`} role="status">
      <Icon name={tone === 'good' ? 'check' : tone === 'warn' ? 'alert' : 'info'} />
      <div>
        {title && <h3>{title}</h3>}
        {children}
      </div>
    </div>
  );
}

interface FieldProps {
  label: string;
  help?: ComponentChildren;
  error?: string;
  required?: boolean;
  children: (ids: {
    id: string;
    'aria-describedby': string;
    'aria-invalid': boolean;
    'aria-required': boolean;
  }) => ComponentChildren;
}

/** A label, its control, help and complaint; the control gets what ties them together. */
export function Field({ label, help, error, required, children }: FieldProps) {
  const id = useId();
  return (
    <div class={`field ${error ? 'wrong' : ''}`}>
      <label for={id}>
        {label}
        {required && (
          <span class="required" aria-hidden="true">
            {' '}
            *
          </span>
        )}
      </label>
      {children({ id, 'aria-describedby': `${id}-help`, 'aria-invalid': !!error, 'aria-required': !!required })}
      <p id={`${id}-help`} class="help">
        {error ? (
          <span class="complaint">
            <Icon name="alert" />
            {error}
          </span>
        ) : (
          help
        )}
      </p>
    </div>
  );
}

/** A modal dialog: the browser's own, so focus stays inside and Esc closes it. */
export function Dialog({
  title,
  children,
  onClose,
  footer,
  wide,
}: {
  title: string;
  children: ComponentChildren;
  onClose: () => void;
  footer?: ComponentChildren;
  wide?: boolean;
}) {
  const ref = useRef<HTMLDialogElement>(null),
    id = useId();
  useEffect(() => {
    const dialog = ref.current!,
      before = document.activeElement as HTMLElement | null;
    dialog.showModal();
    return () => {
      dialog.close();
      before?.focus?.();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={wide ? 'wide' : ''}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => loop(event, ref.current!)}
    >
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="icon-button" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="dialog-body">{children}</div>
      {footer && <footer>{footer}</footer>}
    </dialog>
  );
}

/** Asks before something is taken away: what goes with it, a way out, and the deed. `action` is the caller's when it wants to see how it went. */
export function Confirm({
  title,
  keep = 'Keep it',
  label,
  act,
  onClose,
  children,
  action,
  disabled,
  problem,
}: {
  title: string;
  keep?: string;
  label: string;
  act: () => Promise<unknown>;
  onClose: (done: boolean) => void;
  children: ComponentChildren;
  action?: Action;
  disabled?: boolean;
  problem?: string;
}) {
  const own = useAction();
  const { busy, error, run } = action ?? own;
  const perform = async () => {
    if (await run(act)) onClose(true);
  };
  return (
    <Dialog
      title={title}
      onClose={() => onClose(false)}
      footer={
        <>
          <Button onClick={() => onClose(false)}>{keep}</Button>
          <Button kind="danger" busy={busy} disabled={disabled} onClick={() => void perform()}>
            {label}
          </Button>
        </>
      }
    >
      {children}
      {error && <Problem error={error} title={problem} />}
    </Dialog>
  );
}

/** Tab goes round inside the dialog: without this it leaves for the browser's own bars. */
function loop(event: KeyboardEvent, dialog: HTMLElement) {
  if (event.key !== 'Tab') return;
  const all = [
    ...dialog.querySelectorAll<HTMLElement>(
      'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), [tabindex="0"]',
    ),
  ];
  const first = all[0],
    last = all[all.length - 1];
  if (event.shiftKey && document.activeElement === first) {
    event.preventDefault();
    last?.focus();
  } else if (!event.shiftKey && document.activeElement === last) {
    event.preventDefault();
    first?.focus();
  }
}

interface Columns<T> {
  columns: { head: string; cell: (row: T) => ComponentChildren; class?: string }[];
  rowKey: (row: T) => string | number;
}

/** A table that becomes a list of cards on a narrow page. Columns: heading and cell. */
export function Table<T>({ label, rows, columns, rowKey }: { label: string; rows: T[] } & Columns<T>) {
  return (
    <div class="table-wrap">
      <table aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" key={column.head} class={column.class}>
                {column.head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.head} data-label={column.head} class={column.class}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A list that may be loading, broken, empty or there. */
export function Listing<T>({
  of,
  empty,
  children,
  rows,
}: {
  of: { data: T[] | undefined; error: ApiError | undefined; loading: boolean; reload: () => void };
  empty: ComponentChildren;
  children: (rows: T[]) => ComponentChildren;
  rows?: number;
}) {
  if (of.error && !of.data)
    return (
      <Problem error={of.error}>
        <p>
          <Button small icon="refresh" onClick={of.reload}>
            Try again
          </Button>
        </p>
      </Problem>
    );
  if (!of.data) return <Skeleton rows={rows} />;
  return <>{of.data.length ? children(of.data) : empty}</>;
}

/** A page that is one list: its action stands above it, and again where the list would be when there is nothing. Dialogs and notices are its children. */
export function ListPage<T>({
  title,
  lead,
  label,
  list,
  columns,
  rowKey,
  action,
  empty,
  foot,
  children,
}: {
  title: string;
  lead: ComponentChildren;
  label: string;
  list: Pick<Loaded<T[]>, 'data' | 'error' | 'loading' | 'reload'>;
  action?: ComponentChildren;
  empty: { icon: IconName; title: string; text: ComponentChildren };
  foot?: ComponentChildren;
  children?: ComponentChildren;
} & Columns<T>) {
  const nothing = (
    <Empty icon={empty.icon} title={empty.title} action={action}>
      {empty.text}
    </Empty>
  );
  return (
    <Page title={title} lead={lead} actions={action}>
      <Card flush>
        <Listing of={list} empty={nothing}>
          {(rows) => <Table label={label} rows={rows} rowKey={rowKey} columns={columns} />}
        </Listing>
        {foot}
      </Card>
      {children}
    </Page>
  );
}

export function When({ at }: { at: string | number | undefined | null }) {
  if (!at) return <span class="faint">–</span>;
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString()}>
      {ago(date)}
    </time>
  );
}

export function ago(date: Date): string {
  const seconds = Math.round((Date.now() - date.getTime()) / 1000);
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  return date.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
}

export function bytes(count: number): string {
  if (count < 1024) return `${count} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  let value = count,
    unit = -1;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** Sessions with their statements and outputs: the same sessions that notebooks hold. */
import { useEffect, useRef, useState } from 'preact/hooks';
import * as azure from '../api/azure';
import * as livy from '../api/livy';
import { go, useAction, useLoaded } from '../hooks';
import { useStudio } from '../studio';
import {
  A,
  Button,
  ButtonLink,
  Card,
  Dialog,
  Empty,
  Field,
  ListPage,
  Mono,
  Page,
  Problem,
  Skeleton,
  Status,
  When,
} from '../ui/kit';
import { OutputView } from '../ui/output';

const started = (session: livy.Session) => session.livyInfo?.notStartedAt as string | undefined;
const address = (session: livy.Session) => `/sessions/${session.workspaceName}~${session.sparkPoolName}/${session.id}`;

/** Every pool that may be seen, of every Synapse workspace; a pool whose sessions may not be seen counts as none. */
async function everywhere(synapses: azure.Resource[]) {
  const pools = (await Promise.all(synapses.map((one) => azure.pools(one.id).catch(() => [])))).flat();
  const lists = await Promise.all(
    pools.map((pool) => livy.sessions(azure.part(pool.id, 'workspaces'), pool.name).catch(() => [])),
  );
  return lists.flat().sort((a, b) => b.id - a.id);
}

export function Sessions() {
  const { synapses, me } = useStudio();
  const [starting, setStarting] = useState(false);
  const list = useLoaded(
    `sessions ${synapses.length}`,
    () => everywhere(synapses),
    () => 3000,
  );
  return (
    <ListPage
      title="Sessions"
      lead="Spark sessions of notebooks, clients and the studio."
      label="Sessions"
      list={list}
      rowKey={(row) => row.id}
      action={
        <Button kind="primary" icon="plus" onClick={() => setStarting(true)}>
          New session
        </Button>
      }
      empty={{
        icon: 'session',
        title: 'No sessions',
        text: (
          <>
            Start one in a notebook with <code>%synapse start -c NAME</code>, or here.
          </>
        ),
      }}
      columns={[
        {
          head: 'Session',
          cell: (row) => (
            <A to={address(row)} class="strong">
              {row.name || `Session ${row.id}`}
            </A>
          ),
        },
        { head: 'State', cell: (row) => <Status state={livy.stateWord(row.state)} />, class: 'fit' },
        {
          head: 'Pool',
          cell: (row) => (
            <>
              {row.sparkPoolName} <span class="faint">{row.workspaceName}</span>
            </>
          ),
        },
        { head: 'Owner', cell: (row) => (row.submitterId === me.id ? 'You' : row.submitterName) },
        { head: 'Started', cell: (row) => <When at={started(row)} />, class: 'fit' },
      ]}
    >
      {starting && <NewSession onClose={() => setStarting(false)} />}
    </ListPage>
  );
}

function NewSession({ onClose }: { onClose: () => void }) {
  const { synapses } = useStudio();
  const [name, setName] = useState('');
  const [pool, setPool] = useState('');
  const { busy, error, run } = useAction();
  const pools = useLoaded(`all pools ${synapses.length}`, async () =>
    (await Promise.all(synapses.map((one) => azure.pools(one.id)))).flat(),
  );
  const id = pool || pools.data?.[0]?.id || '';
  const start = async (event: Event) => {
    event.preventDefault();
    if (!id) return;
    await run(async () => {
      const session = await livy.startSession(azure.part(id, 'workspaces'), azure.tail(id), name.trim() || 'studio');
      onClose();
      go(address(session));
    });
  };
  return (
    <Dialog
      title="New session"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form="session" busy={busy} disabled={!id}>
            Start
          </Button>
        </>
      }
    >
      <form id="session" onSubmit={start} noValidate>
        <Field label="Spark pool" required error={pools.error?.message}>
          {(ids) => (
            <select {...ids} value={id} disabled={!pools.data} onChange={(event) => setPool(event.currentTarget.value)}>
              {pools.data?.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name} ({azure.part(one.id, 'workspaces')})
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Name" help="Optional: what the list shows.">
          {(ids) => (
            <input
              {...ids}
              autocomplete="off"
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
              placeholder="studio"
            />
          )}
        </Field>
        {error && <Problem error={error} />}
      </form>
    </Dialog>
  );
}

export function SessionDetail({ pool: where, id }: { pool: string; id: string }) {
  const { me } = useStudio();
  const [synapse = '', pool = ''] = where.split('~');
  const { busy: ending, error, run } = useAction();
  const one = useLoaded(
    `session ${where} ${id}`,
    () => livy.session(synapse, pool, id),
    (session) => (livy.isOver(session.state) ? null : 2000),
  );
  const list = useLoaded(
    `statements ${where} ${id}`,
    () => livy.statements(synapse, pool, id),
    (rows) =>
      rows.some((row) => !livy.isStatementOver(row.state))
        ? 300
        : one.data && livy.isOver(one.data.state)
          ? null
          : 2000,
  );
  const session = one.data,
    over = session ? livy.isOver(session.state) : true,
    mine = session?.submitterId === me.id;
  const end = async () => {
    if (await run(() => livy.stopSession(synapse, pool, Number(id)))) one.reload();
  };
  return (
    <Page
      title={session ? session.name || `Session ${session.id}` : `Session ${id}`}
      crumb={['/sessions', 'Sessions']}
      tag={session && <Status state={livy.stateWord(session.state)} />}
      actions={
        session &&
        !over && (
          <Button kind="danger" icon="stop" busy={ending} onClick={end}>
            Stop
          </Button>
        )
      }
      lead={
        session && (
          <>
            On pool <strong>{pool}</strong> of {synapse}, by {mine ? 'you' : session.submitterName}, started{' '}
            <When at={started(session)} />.
          </>
        )
      }
    >
      {one.error && !session && (
        <Problem error={one.error}>
          <p>
            <ButtonLink to="/sessions">Back to sessions</ButtonLink>
          </p>
        </Problem>
      )}
      {one.loading && (
        <Card>
          <Skeleton />
        </Card>
      )}
      {error && <Problem error={error} />}
      {session?.errorInfo?.map((problem) => (
        <Problem key={problem.message} title="The session ended with an error" error={new Error(problem.message)} />
      ))}
      {session && (
        <Card title="Statements" flush>
          {list.error && !list.data ? (
            <Problem error={list.error} />
          ) : !list.data ? (
            <Skeleton rows={2} />
          ) : list.data.length ? (
            <ol class="statements">
              {list.data.map((row) => (
                <Statement
                  key={row.id}
                  row={row}
                  onCancel={
                    mine && !livy.isStatementOver(row.state)
                      ? () => void livy.cancelStatement(synapse, pool, id, row.id).then(list.reload)
                      : undefined
                  }
                />
              ))}
            </ol>
          ) : (
            <Empty icon="session" title="No statements yet">
              {over
                ? 'This session ended without running one, or before this server was last started.'
                : mine
                  ? 'Run one below, or in the notebook that holds this session.'
                  : 'Its owner has not run one yet.'}
            </Empty>
          )}
          {mine && !over && (
            <Prompt
              ready={session.state === 'idle' || session.state === 'busy'}
              onRun={async (code) => {
                await livy.runStatement(synapse, pool, id, code);
                list.reload();
              }}
            />
          )}
        </Card>
      )}
      {session && <SessionFacts session={session} synapse={synapse} pool={pool} />}
    </Page>
  );
}

function Statement({ row, onCancel }: { row: livy.Statement; onCancel?: () => void }) {
  const seconds = row.completed && row.started ? (row.completed - row.started) / 1000 : 0;
  return (
    <li class="statement">
      <div class="statement-head">
        <span class="statement-number">{row.id}</span>
        {row.state !== 'available' ? (
          <Status state={row.state} />
        ) : row.output?.status === 'error' ? (
          <Status state="error" />
        ) : null}
        <span class="faint">
          {seconds ? (seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`) : ''}
        </span>
        {onCancel && (
          <Button small kind="quiet" icon="stop" onClick={onCancel}>
            Cancel
          </Button>
        )}
      </div>
      <pre class="code" tabIndex={0} aria-label={`Code of statement ${row.id}`}>
        <code>{row.code}</code>
      </pre>
      {row.output && <OutputView output={row.output} number={row.id} />}
    </li>
  );
}

function Prompt({ ready, onRun }: { ready: boolean; onRun: (code: string) => Promise<void> }) {
  const [code, setCode] = useState('');
  const { error, run: attempt } = useAction();
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const box = area.current;
    if (!box) return;
    box.style.height = 'auto';
    box.style.height = `${Math.min(box.scrollHeight + 2, 320)}px`;
  }, [code]);
  const run = async () => {
    if (!code.trim() || !ready) return;
    if (await attempt(() => onRun(code))) setCode('');
  };
  return (
    <form
      class="prompt"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <label class="off-screen" for="prompt">
        Code to run
      </label>
      <textarea
        id="prompt"
        ref={area}
        rows={2}
        spellcheck={false}
        autocapitalize="off"
        value={code}
        placeholder="spark.range(10).show()"
        onInput={(event) => setCode(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey || event.shiftKey)) {
            event.preventDefault();
            void run();
          }
        }}
      />
      {error && <Problem error={error} />}
      <div class="prompt-foot">
        <span class="faint">{ready ? 'Shift+Enter runs it' : 'The session is starting…'}</span>
        <Button kind="primary" small type="submit" icon="play" disabled={!ready || !code.trim()}>
          Run
        </Button>
      </div>
    </form>
  );
}

function SessionFacts({ session, synapse, pool }: { session: livy.Session; synapse: string; pool: string }) {
  const [open, setOpen] = useState(false);
  const log = useLoaded(open ? `session log ${synapse} ${pool} ${session.id}` : null, () =>
    livy.sessionLog(synapse, pool, session.id),
  );
  return (
    <Card title="About">
      <dl class="facts two">
        <div>
          <dt>Session id</dt>
          <dd>{session.id}</dd>
        </div>
        <div>
          <dt>Kind</dt>
          <dd>{session.kind}</dd>
        </div>
        {session.connectSessionId && (
          <div class="whole">
            <dt>Spark Connect session id</dt>
            <dd>
              <Mono text={session.connectSessionId} what="Spark Connect session id" />
            </dd>
          </div>
        )}
      </dl>
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Log</summary>
        {log.error ? (
          <Problem error={log.error} />
        ) : (
          <pre class="code log" tabIndex={0} aria-label="Session log">
            <code>{log.data?.join('\n') ?? 'Loading…'}</code>
          </pre>
        )}
      </details>
    </Card>
  );
}

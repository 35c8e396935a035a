/** Runs: what was trained on what, with metrics, files and logs. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { askBytes, type ApiError } from '../api/client';
import * as api from '../api/runs';
import { useAction, useLoaded } from '../hooks';
import { useStudio } from '../studio';
import { LineChart, number } from '../ui/chart';
import {
  A,
  Button,
  ButtonLink,
  bytes,
  Card,
  Confirm,
  Empty,
  ListPage,
  Mono,
  Page,
  Problem,
  Skeleton,
  Status,
  Table,
  Tag,
  When,
} from '../ui/kit';
import { Icon } from '../ui/icons';

const at = (run: api.Run) => `/runs/${encodeURIComponent(run.runId)}`;
const script = (run: api.Run) => run.runType === 'azureml.scriptrun';

/** "00:01:02.345" as people say it. */
function lasted(run: api.Run): string {
  const start = run.startTimeUtc && Date.parse(run.startTimeUtc),
    end = run.endTimeUtc ? Date.parse(run.endTimeUtc) : Date.now();
  if (!start) return '–';
  const seconds = Math.max(0, (end - start) / 1000);
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

export function Runs() {
  const { ws } = useStudio();
  const [older, setOlder] = useState<{ rows: api.Run[]; token?: string } | null>(null);
  const { error: failed, run } = useAction();
  const first = useLoaded(
    `runs ${ws}`,
    () => api.runs(ws),
    (page) => (page.value.some((run) => !api.hasEnded(run.status)) ? 1500 : 6000),
  );
  const token = older ? older.token : first.data?.continuationToken;
  const known = new Set(first.data?.value.map((run) => run.runId));
  const list = {
    ...first,
    data: first.data && [...first.data.value, ...(older?.rows ?? []).filter((run) => !known.has(run.runId))],
  };
  const more = async () => {
    await run(async () => {
      const page = await api.moreRuns(ws, token!);
      setOlder((before) => ({ rows: [...(before?.rows ?? []), ...page.value], token: page.continuationToken }));
    });
  };
  return (
    <ListPage
      title="Runs"
      lead="Training runs, with the data that each one read."
      label="Runs"
      list={list}
      rowKey={(row) => row.runId}
      empty={{
        icon: 'run',
        title: 'No runs',
        text: (
          <>
            Submit one in a notebook: <code>Experiment(ws, name).submit(ScriptRunConfig(…))</code>, or log to one with{' '}
            <code>start_logging()</code>.
          </>
        ),
      }}
      foot={
        <>
          {failed && <Problem error={failed} />}
          {token && (
            <div class="more">
              <Button onClick={() => void more()}>Older runs</Button>
            </div>
          )}
        </>
      }
      columns={[
        {
          head: 'Run',
          cell: (row) => (
            <>
              <A to={at(row)} class="strong">
                {row.displayName}
              </A>
              {row.displayName !== row.runId && <p class="cell-note">{row.runId}</p>}
            </>
          ),
        },
        { head: 'Experiment', cell: (row) => row.experimentName },
        { head: 'Status', cell: (row) => <Status state={row.status} />, class: 'fit' },
        { head: 'By', cell: (row) => row.createdBy?.userName ?? '–' },
        { head: 'Lasted', cell: lasted, class: 'fit' },
        { head: 'Submitted', cell: (row) => <When at={row.createdUtc} />, class: 'fit' },
      ]}
    />
  );
}

export function RunDetail({ id }: { id: string }) {
  const { ws } = useStudio();
  const [cancelling, setCancelling] = useState(false);
  const run = useLoaded(
    `run ${ws} ${id}`,
    () => api.details(ws, id),
    (one) => (api.hasEnded(one.status) ? null : 1000),
  );
  const over = run.data ? api.hasEnded(run.data.status) : false;
  const metrics = useLoaded(
    run.data ? `metrics ${ws} ${id} ${over}` : null,
    () => api.metrics(ws, id),
    () => (over ? null : 1500),
  );
  const files = useLoaded(run.data ? `artifacts ${ws} ${id} ${run.data.status}` : null, () => api.artifacts(ws, id));
  const one = run.data;
  const log = one?.logFiles && Object.values(one.logFiles)[0];
  return (
    <Page
      title={one?.displayName ?? id}
      crumb={['/runs', 'Runs']}
      tag={one && <Status state={one.status} />}
      actions={
        one &&
        !over &&
        script(one) && (
          <Button kind="danger" icon="stop" onClick={() => setCancelling(true)}>
            Cancel run
          </Button>
        )
      }
      lead={
        one && (
          <>
            {script(one) ? (
              <>
                <code>{one.scriptName ?? 'script'}</code> on {one.target ?? 'local'}
              </>
            ) : (
              'Logged from a notebook'
            )}
            , in experiment <strong>{one.experimentName}</strong>.
          </>
        )
      }
    >
      {run.error && !one && (
        <Problem error={run.error}>
          <p>
            <ButtonLink to="/runs">Back to runs</ButtonLink>
          </p>
        </Problem>
      )}
      {run.loading && (
        <Card title="Run">
          <Skeleton rows={4} />
        </Card>
      )}
      {one && (
        <>
          {one.error && <RunError run={one} />}
          <Card title="Run">
            <dl class="facts two">
              <div>
                <dt>Submitted</dt>
                <dd>
                  <When at={one.createdUtc} /> by {one.createdBy?.userName ?? 'somebody'}
                </dd>
              </div>
              <div>
                <dt>Lasted</dt>
                <dd>{lasted(one)}</dd>
              </div>
              <div class="whole">
                <dt>Run id</dt>
                <dd>
                  <Mono text={one.runId} what="run id" />
                </dd>
              </div>
              {one.runDefinition?.command && (
                <div class="whole">
                  <dt>Command</dt>
                  <dd>
                    <code>{one.runDefinition.command}</code>
                  </dd>
                </div>
              )}
              <Pairs label="Parameters" of={one.parameters} />
              <Pairs label="Tags" of={one.tags} />
            </dl>
          </Card>
          <Inputs run={one} />
          <Metrics list={metrics.data} error={metrics.error} over={over} />
          <Outputs run={one} list={files.data} error={files.error} />
          {log && <Log key={one.runId} address={log} over={over} />}
        </>
      )}
      {cancelling && (
        <CancelRun
          id={id}
          name={one?.displayName ?? id}
          onClose={(changed) => {
            setCancelling(false);
            if (changed) run.reload();
          }}
        />
      )}
    </Page>
  );
}

function Pairs({ label, of }: { label: string; of?: Record<string, unknown> }) {
  const entries = Object.entries(of ?? {});
  if (!entries.length) return null;
  return (
    <div class="whole">
      <dt>{label}</dt>
      <dd class="pairs">
        {entries.map(([name, value]) => (
          <Tag key={name}>
            {name}: {typeof value === 'string' ? value : JSON.stringify(value)}
          </Tag>
        ))}
      </dd>
    </div>
  );
}

function RunError({ run }: { run: api.Run }) {
  const error = run.error!.error,
    trace = error.debugInfo?.stackTrace;
  return (
    <Problem
      title={run.status === 'Canceled' ? 'The run was cancelled' : 'The run failed'}
      error={new Error(error.message ?? error.code ?? run.status)}
    >
      {trace && (
        <details>
          <summary>Traceback</summary>
          <pre class="code" tabIndex={0} aria-label="Traceback">
            {trace}
          </pre>
        </details>
      )}
    </Problem>
  );
}

const HOW: Record<string, string> = { Mount: 'Mounted', Download: 'Downloaded', Direct: 'By name' };

function Inputs({ run }: { run: api.Run }) {
  if (!run.inputDatasets?.length) return null;
  return (
    <Card title="Inputs" flush lead="The very versions that this run read.">
      <Table
        label="Inputs"
        rows={run.inputDatasets}
        rowKey={(row) => row.inputDetails.inputName}
        columns={[
          { head: 'Input', cell: (row) => <strong>{row.inputDetails.inputName}</strong> },
          { head: 'Dataset', cell: (row) => <InputDataset identifier={row.identifier} /> },
          { head: 'How', cell: (row) => HOW[row.inputDetails.mechanism] ?? row.inputDetails.mechanism, class: 'fit' },
        ]}
      />
    </Card>
  );
}

/** A registered name leads to its version's page; a dataset that was never registered has an id only. */
function InputDataset({ identifier }: { identifier: api.Run['inputDatasets'][number]['identifier'] }) {
  const { registeredId: name, registeredVersion: version, savedId } = identifier;
  if (name)
    return (
      <A to={`/datasets/${encodeURIComponent(name)}${version ? `/${version}` : ''}`} class="strong">
        {name}
        {version ? `, version ${version}` : ''}
      </A>
    );
  return savedId ? (
    <Mono text={savedId} short={`${savedId.slice(0, 8)}…`} what="id of the unregistered dataset" />
  ) : (
    <span class="faint">–</span>
  );
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

function Metrics({ list, error, over }: { list?: api.Metric[]; error?: ApiError; over: boolean }) {
  if (error && !list)
    return (
      <Card title="Metrics">
        <Problem error={error} />
      </Card>
    );
  if (!list)
    return (
      <Card title="Metrics" flush>
        <Skeleton rows={2} />
      </Card>
    );
  const single = list.filter(
    (one) =>
      one.value.length === 1 &&
      Object.keys(one.value[0]!.data).length === 1 &&
      isNumber(Object.values(one.value[0]!.data)[0]),
  );
  const others = list.filter((one) => !single.includes(one));
  return (
    <Card title="Metrics" flush={!list.length}>
      {!list.length && (
        <Empty icon="run" title="No metrics">
          {over ? 'This run logged none.' : 'They appear here as the run logs them.'} In a script:{' '}
          <code>Run.get_context().log("loss", 0.1)</code>
        </Empty>
      )}
      {single.length > 0 && (
        <dl class="numbers">
          {single.map((one) => (
            <div key={one.name}>
              <dt>{one.name}</dt>
              <dd>{number(Object.values(one.value[0]!.data)[0] as number)}</dd>
            </div>
          ))}
        </dl>
      )}
      {others.length > 0 && (
        <div class="charts">
          {others.map((one) => (
            <MetricView key={one.name} metric={one} />
          ))}
        </div>
      )}
    </Card>
  );
}

/** Numbers over steps are lines, one a column; whatever else is a table. */
function MetricView({ metric }: { metric: api.Metric }) {
  const columns = [...new Set(metric.value.flatMap((value) => Object.keys(value.data)))];
  const numeric = columns.filter((column) =>
    metric.value.every((value) => value.data[column] === undefined || isNumber(value.data[column])),
  );
  const steps = new Set(metric.value.map((value) => value.step)),
    stepped = steps.size === metric.value.length;
  const table = /\.(table|row)$/.test(metric.properties?.uxMetricType ?? '');
  if (!table && numeric.length === columns.length && metric.value.length > 1)
    return (
      <>
        {numeric.map((column) => (
          <LineChart
            key={column}
            name={columns.length > 1 ? `${metric.name}: ${column}` : metric.name}
            points={metric.value.flatMap((value, i) =>
              isNumber(value.data[column]) ? [{ x: stepped ? value.step : i, y: value.data[column] }] : [],
            )}
          />
        ))}
      </>
    );
  const rows = metric.value.slice(0, 200);
  return (
    <figure class="chart wide">
      <figcaption>
        <span>{metric.name}</span>
      </figcaption>
      <div class="table-wrap data" tabIndex={0} role="region" aria-label={metric.name}>
        <table aria-label={`Values of ${metric.name}`}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th scope="col" key={column}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={i}>
                {columns.map((column) => {
                  const value = row.data[column];
                  return (
                    <td key={column}>
                      {isNumber(value) ? number(value) : typeof value === 'string' ? value : JSON.stringify(value)}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

function Outputs({ run, list, error }: { run: api.Run; list?: api.Artifact[]; error?: ApiError }) {
  const { ws } = useStudio();
  const { error: failed, run: attempt } = useAction();
  const fetchOne = (path: string) =>
    attempt(async () => {
      const link = document.createElement('a');
      link.href = await api.artifactAddress(ws, run.runId, path);
      link.rel = 'noreferrer';
      link.target = '_blank';
      link.click();
    });
  if (!error && !list?.length) return null;
  return (
    <Card title="Outputs" flush lead="Files that the run kept.">
      {error && <Problem error={error} />}
      {failed && <Problem error={failed} />}
      {list && (
        <Table
          label="Outputs"
          rows={list}
          rowKey={(row) => row.path}
          columns={[
            {
              head: 'Path',
              cell: (row) => (
                <span class="file">
                  <Icon name="file" />
                  <span>{row.path}</span>
                </span>
              ),
            },
            { head: 'Size', cell: (row) => bytes(row.contentLength), class: 'fit' },
            { head: 'Kept', cell: (row) => <When at={row.createdTime} />, class: 'fit' },
            {
              head: 'Actions',
              cell: (row) => (
                <Button small kind="quiet" aria-label={`Download ${row.path}`} onClick={() => void fetchOne(row.path)}>
                  Download
                </Button>
              ),
              class: 'fit end',
            },
          ]}
        />
      )}
    </Card>
  );
}

const KEPT = 2 * 1024 * 1024;

/** The log as it grows: from the last byte that was read, until the run has ended and nothing more comes. */
function useLog(address: string, over: boolean) {
  const [text, setText] = useState('');
  const [error, setError] = useState<ApiError | null>(null);
  const ended = useRef(over);
  ended.current = over;
  useEffect(() => {
    let live = true,
      offset = 0,
      timer = 0;
    const decoder = new TextDecoder();
    const path = new URL(address).pathname;
    const read = async () => {
      const last = ended.current;
      try {
        const piece = await askBytes(`${path}?offset=${offset}`);
        if (!live) return;
        setError(null);
        offset += piece.length;
        if (piece.length) setText((before) => (before + decoder.decode(piece, { stream: true })).slice(-KEPT));
        if (piece.length || !last) timer = window.setTimeout(read, piece.length > 60_000 ? 0 : 700);
      } catch (problem) {
        if (!live) return;
        setError(problem as ApiError);
        timer = window.setTimeout(read, 3000);
      }
    };
    void read();
    return () => {
      live = false;
      clearTimeout(timer);
    };
  }, [address]);
  return { text, error };
}

function Log({ address, over }: { address: string; over: boolean }) {
  const { text, error } = useLog(address, over);
  const box = useRef<HTMLPreElement>(null);
  const follow = useRef(true);
  useEffect(() => {
    if (box.current && follow.current) box.current.scrollTop = box.current.scrollHeight;
  }, [text]);
  const scrolled = () => {
    const at = box.current!;
    follow.current = at.scrollHeight - at.scrollTop - at.clientHeight < 24;
  };
  return (
    <Card title="Log" lead={over ? 'user_logs/std_log.txt' : 'user_logs/std_log.txt, as it grows'}>
      {error && <Problem error={error} />}
      <pre class="code log" ref={box} tabIndex={0} role="log" aria-label="Log of the run" onScroll={scrolled}>
        {text || (over ? 'The run printed nothing.' : 'Nothing printed yet.')}
      </pre>
    </Card>
  );
}

function CancelRun({ id, name, onClose }: { id: string; name: string; onClose: (changed: boolean) => void }) {
  const { ws } = useStudio();
  const cancel = async () => {
    await api.cancel(ws, id);
  };
  return (
    <Confirm title={`Cancel ${name}?`} keep="Let it run" label="Cancel run" act={cancel} onClose={onClose}>
      <p>The script and everything that it started ends. What it has logged and kept so far stays.</p>
    </Confirm>
  );
}

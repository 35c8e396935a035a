/** Datasets: names with versions; a version's files and its first rows. */
import { useState } from 'preact/hooks';
import * as data from '../api/data';
import { go, useAction, useLoaded } from '../hooks';
import { useStudio } from '../studio';
import {
  A,
  Button,
  ButtonLink,
  bytes,
  Card,
  Command,
  Confirm,
  Dialog,
  Empty,
  Field,
  ListPage,
  Mono,
  Page,
  Problem,
  Skeleton,
  Table,
  Tag,
  When,
} from '../ui/kit';
import { Icon } from '../ui/icons';

const FILES_LISTED = 5000;
const at = (name: string, version?: string) => `/datasets/${encodeURIComponent(name)}${version ? `/${version}` : ''}`;
const files = (count: number) => `${count.toLocaleString('en')} ${count === 1 ? 'file' : 'files'}`;

export function Datasets() {
  const { ws } = useStudio();
  const [adding, setAdding] = useState(false);
  const list = useLoaded(`datasets ${ws}`, () => data.datasets(ws));
  return (
    <ListPage
      title="Datasets"
      lead="Prepared data, registered as it was: a version reads those very bytes, or says what changed."
      label="Datasets"
      list={list}
      rowKey={(row) => row.datasetId}
      action={
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          Register dataset
        </Button>
      }
      empty={{
        icon: 'table',
        title: 'No datasets',
        text: (
          <>
            Register files of a datastore here, or in a notebook with{' '}
            <code>Dataset.File.from_files(…).register(ws, name)</code>.
          </>
        ),
      }}
      columns={[
        {
          head: 'Name',
          cell: (row) => (
            <>
              <A to={at(row.name)} class="strong">
                {row.name}
              </A>
              {row.description && <p class="cell-note">{row.description}</p>}
            </>
          ),
        },
        {
          head: 'Type',
          cell: (row) => <Tag>{row.datasetType === 'tabular' ? 'Table' : 'Files'}</Tag>,
          class: 'fit',
        },
        { head: 'Version', cell: (row) => row.latest.versionId, class: 'fit' },
        {
          head: 'Holds',
          cell: (row) => (
            <>
              {files(row.latest.fileCount)}, {bytes(row.latest.size)}
            </>
          ),
        },
        { head: 'Registered', cell: (row) => <When at={row.latest.createdTime} />, class: 'fit' },
      ]}
    >
      {adding && <Register onClose={() => setAdding(false)} />}
    </ListPage>
  );
}

export function DatasetDetail({ name, version }: { name: string; version?: string }) {
  const { ws } = useStudio();
  const one = useLoaded(`dataset ${ws} ${name}`, () => data.dataset(ws, name));
  const all = useLoaded(one.data ? `versions ${one.data.datasetId}` : null, () =>
    data.versions(ws, one.data!.datasetId),
  );
  const [removing, setRemoving] = useState(false);
  const [again, setAgain] = useState(false);
  const set = one.data,
    shown = all.data?.find((row) => row.versionId === (version ?? set?.latest.versionId));
  const load = set && `train = Dataset.get_by_name(ws, "${name}"${version ? `, version=${version}` : ''})`;
  return (
    <Page
      title={name}
      crumb={['/datasets', 'Datasets']}
      tag={set && <Tag>{set.datasetType === 'tabular' ? 'Table' : 'Files'}</Tag>}
      lead={shown?.description || undefined}
      actions={
        set &&
        shown && (
          <>
            <Button icon="plus" onClick={() => setAgain(true)}>
              New version
            </Button>
            <Button kind="danger" icon="trash" onClick={() => setRemoving(true)}>
              Remove version
            </Button>
          </>
        )
      }
    >
      {one.error && (
        <Problem error={one.error}>
          <p>
            <ButtonLink to="/datasets">Back to datasets</ButtonLink>
          </p>
        </Problem>
      )}
      {(one.loading || (all.loading && set)) && (
        <Card title="Version">
          <Skeleton rows={3} />
        </Card>
      )}
      {all.error && <Problem error={all.error} />}
      {set && all.data && !shown && (
        <Card>
          <Empty
            icon="table"
            title={`There is no version ${version}`}
            action={
              <ButtonLink to={at(name)} kind="primary">
                Latest version
              </ButtonLink>
            }
          >
            It may have been removed.
          </Empty>
        </Card>
      )}
      {set && shown && all.data && (
        <>
          <Card
            title={`Version ${shown.versionId}`}
            actions={
              all.data.length > 1 && (
                <label class="inline-select">
                  <span>Version</span>
                  <select
                    aria-label="Version"
                    value={shown.versionId}
                    onChange={(event) => go(at(name, event.currentTarget.value))}
                  >
                    {[...all.data]
                      .sort((a, b) => Number(b.versionId) - Number(a.versionId))
                      .map((row) => (
                        <option key={row.versionId} value={row.versionId}>
                          {row.versionId}
                          {row.versionId === set.latest.versionId ? ' (latest)' : ''}
                        </option>
                      ))}
                  </select>
                </label>
              )
            }
          >
            <dl class="facts two">
              <div>
                <dt>Holds</dt>
                <dd>
                  {files(shown.fileCount)}, {bytes(shown.size)}
                </dd>
              </div>
              <div>
                <dt>Registered</dt>
                <dd>
                  <When at={shown.createdTime} />
                </dd>
              </div>
              <div class="whole">
                <dt>Taken from</dt>
                <dd>
                  {sources(shown.dataflow).map((path) => (
                    <div key={path}>
                      <code>{path}</code>
                    </div>
                  ))}
                </dd>
              </div>
              <div class="whole">
                <dt>Dataset id</dt>
                <dd>
                  <Mono text={shown.datasetId ?? set.datasetId} what="dataset id" />
                </dd>
              </div>
            </dl>
            {load && <Command text={load} />}
          </Card>
          <Files key={shown.versionId} set={set} version={shown} />
        </>
      )}
      {removing && set && shown && (
        <RemoveVersion set={set} version={shown} last={all.data!.length === 1} onClose={() => setRemoving(false)} />
      )}
      {again && set && shown && (
        <Register
          from={set}
          version={shown}
          onClose={() => setAgain(false)}
          onDone={() => {
            one.reload();
            all.reload();
          }}
        />
      )}
    </Page>
  );
}

function definition(dataflow: string): { paths: Record<string, string>[]; transformations?: Record<string, any>[] } {
  try {
    const value = typeof dataflow === 'string' ? JSON.parse(dataflow) : dataflow;
    return { ...value, paths: value.paths ?? [] };
  } catch {
    return { paths: [] };
  }
}

const sources = (dataflow: string) =>
  definition(dataflow).paths.map((one) =>
    Object.values(one)[0]!.replace(/^azureml:\/\/datastores\/([^/]+)\/paths\//, '$1: /'),
  );

function Files({ set, version }: { set: data.Dataset; version: data.Version }) {
  const { ws } = useStudio();
  const [chosen, setChosen] = useState('');
  const [all, setAll] = useState(false);
  const listed = version.fileCount <= FILES_LISTED;
  const manifest = useLoaded(listed ? `manifest ${version.savedDatasetId}` : null, () =>
    data.manifest(ws, version.datasetId ?? set.datasetId, version.versionId),
  );
  const file =
    manifest.data?.files.find((one) => one.path === chosen) ??
    manifest.data?.files.find((one) => one.size > 0) ??
    manifest.data?.files[0];
  if (!listed)
    return (
      <Card title="Files">
        <Empty icon="folder" title={`${files(version.fileCount)} are too many to list here`}>
          Read them in a session, or mount the dataset.
        </Empty>
      </Card>
    );
  if (manifest.error)
    return (
      <Card title="Files">
        <Problem error={manifest.error} />
      </Card>
    );
  if (!manifest.data)
    return (
      <Card title="Preview" flush>
        <Skeleton rows={6} label="Loading the files" />
      </Card>
    );
  const shown = all ? manifest.data.files : manifest.data.files.slice(0, 20);
  return (
    <>
      {file && (
        <Preview
          key={file.path}
          set={set}
          version={version}
          manifest={manifest.data}
          file={file}
          onChoose={setChosen}
        />
      )}
      <Card title="Files" flush lead={`${files(version.fileCount)} as registered; each is read by its ETag.`}>
        <Table
          label="Files"
          rows={shown}
          rowKey={(row) => row.path}
          columns={[
            {
              head: 'Path',
              cell: (row) => (
                <span class="file">
                  <Icon name="file" />
                  <span>{row.path || '/'}</span>
                </span>
              ),
            },
            { head: 'Size', cell: (row) => bytes(row.size), class: 'fit' },
            { head: 'Modified', cell: (row) => <When at={row.modified} />, class: 'fit' },
            { head: 'ETag', cell: (row) => <code class="faint">{row.etag.replace(/"/g, '')}</code> },
            {
              head: 'Actions',
              cell: (row) =>
                data.formatOf(manifest.data!.transformations, row.path) ? (
                  <Button
                    small
                    kind="quiet"
                    aria-label={`Preview ${row.path}`}
                    onClick={() => {
                      setChosen(row.path);
                      document.getElementById('preview')?.scrollIntoView({ block: 'nearest' });
                    }}
                  >
                    Preview
                  </Button>
                ) : (
                  <span class="faint">–</span>
                ),
              class: 'fit end',
            },
          ]}
        />
        {shown.length < manifest.data.files.length && (
          <div class="more">
            <Button onClick={() => setAll(true)}>Show all {files(manifest.data.files.length)}</Button>
          </div>
        )}
      </Card>
    </>
  );
}

function Preview({
  set,
  version,
  manifest,
  file,
}: {
  set: data.Dataset;
  version: data.Version;
  manifest: data.Manifest;
  file: data.ManifestFile;
  onChoose: (path: string) => void;
}) {
  const { ws } = useStudio();
  const format = data.formatOf(manifest.transformations, file.path);
  const rows = useLoaded(format ? `preview ${version.savedDatasetId} ${file.path}` : null, async () =>
    data.afterSteps(
      await data.preview(ws, version.datasetId ?? set.datasetId, version.versionId, file, format),
      manifest.transformations ?? [],
      file === manifest.files[0],
    ),
  );
  return (
    <div id="preview">
      <Card
        title="Preview"
        flush
        lead={
          <>
            First rows of <code>{file.path}</code>, {bytes(file.size)}
          </>
        }
      >
        {!format ? (
          <Empty icon="file" title="No preview for this kind of file">
            CSV, TSV, JSON lines, Parquet and text files have one.
          </Empty>
        ) : rows.error ? (
          <Problem
            error={rows.error}
            title={
              rows.error.status === 412 || rows.error.status === 404 ? 'The file is not what was registered' : undefined
            }
          />
        ) : !rows.data ? (
          <Skeleton rows={6} label="Loading the preview" />
        ) : !rows.data.columns.length ? (
          <Empty icon="file" title="No rows">
            {rows.data.note ?? 'The file holds no row.'}
          </Empty>
        ) : (
          <Grid rows={rows.data} text={format.kind === 'text'} />
        )}
      </Card>
    </div>
  );
}

const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

function Grid({ rows, text }: { rows: data.Rows; text: boolean }) {
  const numeric = rows.columns.map((_, i) => {
    const values = rows.rows.map((row) => row[i] ?? '').filter((value) => value !== '');
    return values.length > 0 && values.every((value) => NUMBER.test(value));
  });
  return (
    <>
      <div class="table-wrap data" tabIndex={0} role="region" aria-label="Rows">
        <table aria-label="First rows">
          <thead>
            <tr>
              {rows.columns.map((name, i) => (
                <th scope="col" key={i} class={numeric[i] ? 'number' : undefined}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.rows.map((row, r) => (
              <tr key={r}>
                {rows.columns.map((_, c) => (
                  <td key={c} class={numeric[c] ? 'number' : text ? 'code-cell' : undefined}>
                    {row[c] === undefined || row[c] === '' ? (
                      <span class="faint" aria-label="empty">
                        ·
                      </span>
                    ) : (
                      row[c]
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="table-note">
        {rows.note ? `${rows.note} ` : ''}
        {rows.more
          ? `The first ${rows.rows.length} rows.`
          : `${rows.rows.length} ${rows.rows.length === 1 ? 'row' : 'rows'}, to the end.`}
      </p>
    </>
  );
}

function RemoveVersion({
  set,
  version,
  last,
  onClose,
}: {
  set: data.Dataset;
  version: data.Version;
  last: boolean;
  onClose: () => void;
}) {
  const { ws } = useStudio();
  const remove = async () => {
    await data.removeVersion(ws, set.datasetId, version.versionId);
  };
  return (
    <Confirm
      title={`Remove version ${version.versionId} of ${set.name}?`}
      label="Remove"
      act={remove}
      onClose={(done) => {
        onClose();
        if (done) go('/datasets');
      }}
    >
      <p>The files themselves stay in storage.{last && ' It is the last version: the name goes with it.'}</p>
    </Confirm>
  );
}

const READERS = { delimited: 'Delimited text (csv)', json: 'JSON lines', parquet: 'Parquet' } as const;

/** Registers paths of a datastore: a new name, or (from a dataset) its next version. */
function Register({
  from,
  version,
  onClose,
  onDone,
}: {
  from?: data.Dataset;
  version?: data.Version;
  onClose: () => void;
  onDone?: () => void;
}) {
  const { ws } = useStudio();
  const before = version && definition(version.dataflow),
    old = before?.paths[0] && /^azureml:\/\/datastores\/([^/]+)\/paths\/(.*)$/.exec(Object.values(before.paths[0])[0]!);
  const [name, setName] = useState(from?.name ?? '');
  const [type, setType] = useState<'file' | 'tabular'>(from?.datasetType ?? 'file');
  const [reader, setReader] = useState<keyof typeof READERS>('delimited');
  const [store, setStore] = useState(old?.[1] ?? '');
  const [path, setPath] = useState(old?.[2] ?? '');
  const [description, setDescription] = useState(version?.description ?? '');
  const [wrong, setWrong] = useState<{ name?: string; path?: string }>({});
  const { busy, error, run } = useAction();
  const stores = useLoaded(`datastores ${ws}`, () => data.datastores(ws));
  const place = store || stores.data?.find((one) => one.isDefault)?.name || stores.data?.[0]?.name || '';
  const submit = async (event: Event) => {
    event.preventDefault();
    const found = {
      name: name.trim() ? undefined : 'Give the dataset a name.',
      path: path.trim() ? undefined : 'Name a file, a folder or a pattern. / is the whole container.',
    };
    setWrong(found);
    if (found.name || found.path || !place) return;
    const wanted = path.trim().replace(/^\/+/, ''),
      key = /[*?[]/.test(wanted)
        ? 'pattern'
        : wanted.endsWith('/') || !wanted
          ? 'folder'
          : /\.[a-z0-9]+$/i.test(wanted)
            ? 'file'
            : 'folder';
    const step =
      reader === 'delimited'
        ? { read_delimited: { delimiter: ',', encoding: 'utf8', header: 'all_files_same_headers' } }
        : reader === 'json'
          ? { read_json_lines: { encoding: 'utf8' } }
          : { read_parquet: {} };
    const dataflow = {
      paths: [{ [key]: `azureml://datastores/${place}/paths/${wanted}` }],
      transformations: from ? (before?.transformations ?? []) : type === 'tabular' ? [step] : [],
    };
    await run(async () => {
      await data.addDataset(ws, { name: name.trim(), type, description: description.trim(), dataflow, again: !!from });
      onClose();
      onDone?.();
      go(at(name.trim()));
    });
  };
  return (
    <Dialog
      title={from ? `New version of ${from.name}` : 'Register dataset'}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" form="register" busy={busy} disabled={!place}>
            Register
          </Button>
        </>
      }
    >
      <form id="register" onSubmit={submit} noValidate>
        {!from && (
          <Field label="Name" required error={wrong.name}>
            {(ids) => (
              <input
                {...ids}
                autocomplete="off"
                spellcheck={false}
                value={name}
                onInput={(event) => {
                  setName(event.currentTarget.value);
                  setWrong({});
                }}
                placeholder="train"
              />
            )}
          </Field>
        )}
        {!from && (
          <Field
            label="Type"
            required
            help={type === 'file' ? 'Mounted or downloaded as files.' : 'Read as rows, into Spark or pandas.'}
          >
            {(ids) => (
              <select
                {...ids}
                value={type}
                onChange={(event) => setType(event.currentTarget.value as 'file' | 'tabular')}
              >
                <option value="file">Files</option>
                <option value="tabular">Table</option>
              </select>
            )}
          </Field>
        )}
        {!from && type === 'tabular' && (
          <Field label="Format" required>
            {(ids) => (
              <select
                {...ids}
                value={reader}
                onChange={(event) => setReader(event.currentTarget.value as keyof typeof READERS)}
              >
                {Object.entries(READERS).map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Field label="Datastore" required error={stores.error?.message}>
          {(ids) => (
            <select
              {...ids}
              value={place}
              disabled={!stores.data}
              onChange={(event) => setStore(event.currentTarget.value)}
            >
              {stores.data?.map((one) => (
                <option key={one.name} value={one.name}>
                  {one.name} ({one.azureStorageSection.accountName}/{one.azureStorageSection.containerName})
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Path" required error={wrong.path} help="A file, a folder, or a pattern with * and **.">
          {(ids) => (
            <input
              {...ids}
              autocomplete="off"
              spellcheck={false}
              value={path}
              onInput={(event) => {
                setPath(event.currentTarget.value);
                setWrong({});
              }}
              placeholder="training_data/"
            />
          )}
        </Field>
        <Field label="Description">
          {(ids) => (
            <input
              {...ids}
              autocomplete="off"
              value={description}
              onInput={(event) => setDescription(event.currentTarget.value)}
            />
          )}
        </Field>
        {error && <Problem error={error} />}
      </form>
    </Dialog>
  );
}

/** Datastores, datasets and their files: doc/dataset.md. */
import { ask, ApiError, seg } from './client';

export interface Datastore {
  name: string;
  dataStoreType: string;
  isDefault: boolean;
  description: string;
  createdTime: string;
  modifiedTime: string;
  createdBy: string;
  azureStorageSection: {
    accountName: string;
    containerName: string;
    credentialType: 'AccountKey' | 'Sas' | 'None';
    endpoint: string;
    protocol: string;
  };
}
export interface Version {
  datasetId: string;
  versionId: string;
  savedDatasetId: string;
  dataflow: string;
  description: string;
  tags: Record<string, string>;
  createdTime: string;
  createdBy: string;
  fileCount: number;
  size: number;
}
export interface Dataset {
  datasetId: string;
  name: string;
  datasetType: 'file' | 'tabular';
  description: string;
  createdTime: string;
  tags: Record<string, string>;
  latest: Version;
}
export interface ManifestFile {
  path: string;
  url: string;
  etag: string;
  size: number;
  modified: string;
}
export interface Manifest {
  id: string;
  name: string;
  version: string;
  type: 'file' | 'tabular';
  fileCount: number;
  size: number;
  transformations: Record<string, any>[];
  files: ManifestFile[];
}

const stores = (ws: string) => `/datastore/v1.0${ws}/datastores`;
const sets = (ws: string) => `/dataset/v1.0${ws}/datasets`;
const list = <T>(reply: { value: T[] } | T[]) => (Array.isArray(reply) ? reply : reply.value);

/** The reply may hold credentials, for those who may change the workspace: they are dropped before anything else sees them. */
function withoutSecrets(store: Datastore): Datastore {
  const { accountName, containerName, credentialType, endpoint, protocol } = store.azureStorageSection;
  return { ...store, azureStorageSection: { accountName, containerName, credentialType, endpoint, protocol } };
}

export const datastores = (ws: string) => ask(stores(ws)).then((reply) => list<Datastore>(reply).map(withoutSecrets));
export interface NewDatastore {
  name: string;
  type: string;
  account: string;
  container: string;
  credentialType: 'AccountKey' | 'Sas' | 'None';
  credential: string;
  endpoint?: string;
  protocol?: string;
}
export const addDatastore = (ws: string, store: NewDatastore) =>
  ask<Datastore>(stores(ws), {
    method: 'POST',
    body: {
      name: store.name,
      dataStoreType: store.type,
      azureStorageSection: {
        accountName: store.account,
        containerName: store.container,
        credentialType: store.credentialType,
        ...(store.credentialType === 'None' ? {} : { credential: store.credential }),
        ...(store.endpoint ? { endpoint: store.endpoint, protocol: store.protocol } : {}),
      },
    },
  });
export const removeDatastore = (ws: string, name: string) => ask(`${stores(ws)}/${seg(name)}`, { method: 'DELETE' });
export const makeDefault = (ws: string, name: string) => ask(`${stores(ws)}/default/${seg(name)}`, { method: 'PUT' });

export const datasets = (ws: string) =>
  ask(sets(ws)).then((reply) => list<Dataset>(reply).sort((a, b) => a.name.localeCompare(b.name)));
export const dataset = (ws: string, name: string) => ask<Dataset>(`${sets(ws)}/query/${seg(`name=${name}`)}`);
export const versions = (ws: string, id: string) =>
  ask(`${sets(ws)}/${seg(id)}/versions`).then((reply) => list<any>(reply).map((row): Version => row.latest ?? row));
export const manifest = (ws: string, id: string, version: string) =>
  ask<Manifest>(`${sets(ws)}/${seg(id)}/versions/${seg(version)}/manifest`);
export const removeVersion = (ws: string, id: string, version: string) =>
  ask(`${sets(ws)}/${seg(id)}/versions/${seg(version)}`, { method: 'DELETE' });

export interface NewDataset {
  name: string;
  type: 'file' | 'tabular';
  description: string;
  dataflow: unknown;
  again: boolean;
}
export const addDataset = (ws: string, set: NewDataset) =>
  ask<Dataset>(`${sets(ws)}${set.again ? '?ifExistsOk=true' : ''}`, {
    method: 'POST',
    body: { name: set.name, datasetType: set.type, description: set.description, latest: { dataflow: set.dataflow } },
  });

const PIECE = 1024 * 1024;

/** Bytes of a file as they were registered. */
export async function content(
  ws: string,
  id: string,
  version: string,
  path: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const out = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const reply = await ask<{ length: number; data: string }>(
      `${sets(ws)}/${seg(id)}/versions/${seg(version)}/content?path=${seg(path)}&offset=${offset + at}&length=${Math.min(PIECE, length - at)}`,
    );
    const binary = atob(reply.data);
    for (let i = 0; i < binary.length; i++) out[at + i] = binary.charCodeAt(i);
    at += reply.length;
    if (!reply.length) break;
  }
  return out.subarray(0, at);
}

/* ---- rows of a file ---- */

export interface Rows {
  columns: string[];
  rows: string[][];
  more: boolean;
  note?: string;
}
export const PREVIEW_ROWS = 50;
const HEAD_BYTES = 256 * 1024,
  PARQUET_BYTES = 24 * 1024 * 1024;

/** How a version's files are read: what a tabular dataset says, else what the file's name says; null: only its reader knows. */
export type Format =
  | { kind: 'csv'; delimiter: string; header: boolean; encoding?: string }
  | { kind: 'json'; encoding?: string }
  | { kind: 'parquet' }
  | { kind: 'text' }
  | null;

export function formatOf(steps: Record<string, any>[], path: string): Format {
  for (const step of steps ?? []) {
    if (step.read_delimited) {
      const how = step.read_delimited,
        header = how.header !== 'no_header' && how.header !== false;
      return { kind: 'csv', delimiter: how.delimiter ?? ',', header, encoding: how.encoding };
    }
    if (step.read_json_lines) return { kind: 'json', encoding: step.read_json_lines.encoding };
    if (step.read_parquet) return { kind: 'parquet' };
  }
  const end = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase();
  if (end === 'csv') return { kind: 'csv', delimiter: ',', header: true };
  if (end === 'tsv') return { kind: 'csv', delimiter: '\t', header: true };
  if (end === 'jsonl' || end === 'ndjson' || end === 'json') return { kind: 'json' };
  if (end === 'parquet') return { kind: 'parquet' };
  if (end && ['txt', 'md', 'log', 'yaml', 'yml', 'py', 'xml', 'html', 'sql'].includes(end)) return { kind: 'text' };
  return null;
}

/** The first rows of one file. */
export async function preview(
  ws: string,
  id: string,
  version: string,
  file: ManifestFile,
  format: Format,
): Promise<Rows> {
  if (!format)
    throw new ApiError(
      0,
      'NoPreview',
      'this kind of file has no preview: csv, tsv, json lines, parquet and text have one',
    );
  if (!file.size) return { columns: [], rows: [], more: false, note: 'The file is empty.' };
  if (format.kind === 'parquet') return parquetRows(ws, id, version, file);
  const head = await content(ws, id, version, file.path, 0, Math.min(file.size, HEAD_BYTES)),
    whole = head.length >= file.size;
  const text = decoded(head, 'encoding' in format ? format.encoding : undefined);
  if (text.includes('\0')) throw new ApiError(0, 'NoPreview', 'the file is not text');
  if (format.kind === 'csv') return csvRows(text, format.delimiter, format.header, whole);
  if (format.kind === 'json') return jsonRows(text, whole);
  const lines = text.split(/\r\n|\r|\n/),
    kept = lines.slice(0, PREVIEW_ROWS);
  return { columns: ['value'], rows: kept.map((line) => [line]), more: !whole || lines.length > kept.length };
}

const DECODERS: Record<string, string> = {
  utf8: 'utf-8',
  utf8bom: 'utf-8',
  ascii: 'utf-8',
  utf16: 'utf-16',
  windows1252: 'windows-1252',
};

function decoded(bytes: Uint8Array, encoding = 'utf8'): string {
  // browsers take ISO 8859-1 for Windows-1252
  if (encoding === 'iso88591' || encoding === 'latin1')
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  const name = DECODERS[encoding];
  if (!name)
    throw new ApiError(0, 'NoPreview', `the preview does not read the encoding "${encoding}": read it in a session`);
  const order = bytes[0] === 0xfe && bytes[1] === 0xff ? 'be' : 'le';
  return new TextDecoder(name === 'utf-16' ? `utf-16${order}` : name).decode(bytes).replace(/^\uFEFF/, '');
}

/** What a tabular dataset does with the rows that it reads. take and skip count the dataset's rows, so they mean something for its first file only. */
export function afterSteps(read: Rows, steps: Record<string, any>[], first: boolean): Rows {
  let out = read;
  const left: string[] = [];
  for (const step of steps.slice(1)) {
    const [name, value] = Object.entries(step)[0] ?? ['', null];
    if (name === 'keep_columns' || name === 'drop_columns') {
      const named: string[] = Array.isArray(value) ? value : [value];
      const kept =
        name === 'keep_columns'
          ? named.map((one) => out.columns.indexOf(one)).filter((at) => at >= 0)
          : out.columns.map((_, at) => at).filter((at) => !named.includes(out.columns[at]!));
      out = {
        ...out,
        columns: kept.map((at) => out.columns[at]!),
        rows: out.rows.map((row) => kept.map((at) => row[at] ?? '')),
      };
    } else if (name === 'take' && first)
      out = { ...out, rows: out.rows.slice(0, Number(value)), more: out.more && out.rows.length < Number(value) };
    else if (name === 'skip' && first) out = { ...out, rows: out.rows.slice(Number(value)) };
    else if (name !== 'convert_column_types') left.push(name);
  }
  return left.length ? { ...out, note: `Before the dataset’s ${left.join(' and ')}.` } : out;
}

/** RFC 4180 with any one delimiter; a last record that the piece cuts off is left out. */
export function csvRows(text: string, delimiter: string, header: boolean, whole: boolean): Rows {
  const records: string[][] = [],
    wanted = PREVIEW_ROWS + (header ? 1 : 0);
  let record: string[] = [],
    field = '',
    quoted = false,
    at = 0;
  for (; at < text.length && records.length <= wanted; at++) {
    const c = text[at]!;
    if (quoted) {
      if (c !== '"') field += c;
      else if (text[at + 1] === '"') {
        field += '"';
        at++;
      } else quoted = false;
    } else if (c === '"' && field === '') quoted = true;
    else if (text.startsWith(delimiter, at)) {
      record.push(field);
      field = '';
      at += delimiter.length - 1;
    } else if (c === '\n' || c === '\r') {
      if (c === '\r' && text[at + 1] === '\n') at++;
      record.push(field);
      if (record.length > 1 || field !== '') records.push(record);
      record = [];
      field = '';
    } else field += c;
  }
  if (at >= text.length && whole && (field !== '' || record.length)) records.push([...record, field]);
  const names = header ? (records.shift() ?? []) : (records[0] ?? []).map((_, i) => `Column${i + 1}`);
  return { columns: names, rows: records.slice(0, PREVIEW_ROWS), more: !whole || records.length > PREVIEW_ROWS };
}

function jsonRows(text: string, whole: boolean): Rows {
  const lines = text.split(/\r\n|\n/).filter((line) => line.trim());
  if (!whole) lines.pop();
  const values: any[] = [];
  for (const line of lines.slice(0, PREVIEW_ROWS)) {
    try {
      values.push(JSON.parse(line));
    } catch {
      return {
        columns: ['value'],
        rows: lines.slice(0, PREVIEW_ROWS).map((one) => [one]),
        more: !whole || lines.length > PREVIEW_ROWS,
        note: 'Not one JSON value a line: shown as text.',
      };
    }
  }
  const objects = values.map((value) =>
    value && typeof value === 'object' && !Array.isArray(value) ? value : { value },
  );
  const columns = [...new Set(objects.flatMap((one) => Object.keys(one)))];
  return {
    columns,
    rows: objects.map((one) => columns.map((name) => show(one[name]))),
    more: !whole || lines.length > PREVIEW_ROWS,
  };
}

/** Parquet is read here, by ranges: its footer, then the pages of its first rows. */
async function parquetRows(ws: string, id: string, version: string, file: ManifestFile): Promise<Rows> {
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import('hyparquet');
  let read = 0;
  const buffer = {
    byteLength: file.size,
    slice: async (start: number, end: number = file.size) => {
      read += end - start;
      if (read > PARQUET_BYTES)
        throw new ApiError(0, 'TooLarge', 'its first rows lie in pieces too large for a preview: read it in a session');
      return (await content(ws, id, version, file.path, start, end - start)).slice().buffer;
    },
  };
  const metadata = await parquetMetadataAsync(buffer),
    columns = parquetSchema(metadata).children.map((one) => one.element.name);
  const rows = await parquetReadObjects({
    file: buffer,
    metadata,
    rowStart: 0,
    rowEnd: Math.min(PREVIEW_ROWS, Number(metadata.num_rows)),
    useOffsetIndex: true,
  }).catch((error: Error) => {
    throw error instanceof ApiError
      ? error
      : new ApiError(
          0,
          'NoPreview',
          `the preview cannot read this parquet file (${error.message}): read it in a session`,
        );
  });
  return {
    columns,
    rows: rows.map((row) => columns.map((name) => show(row[name]))),
    more: Number(metadata.num_rows) > rows.length,
  };
}

function show(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString().replace('T00:00:00.000Z', '');
  if (typeof value === 'object')
    return JSON.stringify(value, (_, inner) =>
      typeof inner === 'bigint' ? (Number.isSafeInteger(Number(inner)) ? Number(inner) : inner.toString()) : inner,
    );
  return String(value);
}

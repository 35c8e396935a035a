/** Experiments and runs: run history, metrics and files of Azure's REST (doc/job.md). */
import { ask, seg } from './client';

export interface Run {
  runId: string;
  runNumber: number;
  experimentName: string;
  displayName: string;
  status: string;
  runType: string;
  scriptName?: string;
  target?: string;
  createdUtc: string;
  startTimeUtc?: string;
  endTimeUtc?: string;
  duration?: string | null;
  createdBy?: { userName: string };
  tags: Record<string, string>;
  properties: Record<string, string>;
  parameters: Record<string, unknown>;
  inputDatasets: {
    identifier: { savedId?: string; registeredId?: string; registeredVersion?: string };
    inputDetails: { inputName: string; mechanism: string; pathOnCompute?: string };
  }[];
  error?: { error: { code?: string; message?: string; debugInfo?: { stackTrace?: string } } } | null;
  runDefinition?: { command?: string; [name: string]: unknown };
  logFiles?: Record<string, string>;
}

export interface Metric {
  name: string;
  columns: Record<string, string>;
  properties: { uxMetricType: string };
  value: { step: number; createdUtc: string; data: Record<string, unknown> }[];
}

export interface Artifact {
  path: string;
  contentLength: number;
  createdTime: string;
}

const history = (ws: string) => `/history/v1.0${ws}`;
const one = (ws: string, id: string) => `${history(ws)}/runs/${seg(id)}`;

export const runs = (ws: string) => ask<{ value: Run[]; continuationToken?: string }>(`${history(ws)}/runs?$top=100`);
export const moreRuns = (ws: string, token: string) =>
  ask<{ value: Run[]; continuationToken?: string }>(`${history(ws)}/runs?$top=100&continuationToken=${seg(token)}`);
export const details = (ws: string, id: string) => ask<Run>(`${one(ws, id)}/details`);
export const metrics = (ws: string, id: string) =>
  ask<{ value: Metric[] }>(`/metric/v2.0${ws}/runs/${seg(id)}/full`).then((reply) => reply.value);
export const artifacts = (ws: string, id: string) =>
  ask<{ value: Artifact[] }>(`${one(ws, id)}/artifacts`).then((reply) => reply.value);
export const artifactAddress = (ws: string, id: string, path: string) =>
  ask<{ contentUri: string }>(`${one(ws, id)}/artifacts/contentinfo?path=${seg(path)}`).then(
    (reply) => reply.contentUri,
  );
export const cancel = (ws: string, id: string) => ask<Run>(`${one(ws, id)}/cancel`, { method: 'POST', body: {} });

export const hasEnded = (status: string) => ['Completed', 'Failed', 'Canceled'].includes(status);

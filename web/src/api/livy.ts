/** Sessions and statements, through the Synapse workspace's session REST. */
import { ask, seg } from './client';

export interface Session {
  id: number;
  name: string | null;
  state: string;
  kind: string;
  sparkPoolName: string;
  workspaceName: string;
  submitterName: string;
  submitterId: string;
  connectSessionId?: string;
  livyInfo?: Record<string, any>;
  errorInfo?: { message: string }[];
}
export interface Output {
  status: string;
  execution_count?: number;
  data?: Record<string, any>;
  ename?: string;
  evalue?: string;
  traceback?: string[];
  /** lines at the front of `traceback` that repeat `data`, for clients that show nothing else of what failed */
  printed?: number;
}
export interface Statement {
  id: number;
  code: string;
  state: string;
  progress: number;
  started: number;
  completed: number;
  output: Output | null;
}

const VERSION = '2019-11-01-preview';
const root = (synapse: string, pool: string) =>
  `/synapse/${seg(synapse)}/livyApi/versions/${VERSION}/sparkPools/${seg(pool)}/sessions`;

export const sessions = (synapse: string, pool: string) =>
  ask<{ sessions: Session[] }>(`${root(synapse, pool)}?detailed=true&size=100`).then((reply) => reply.sessions);
export const session = (synapse: string, pool: string, id: number | string) =>
  ask<Session>(`${root(synapse, pool)}/${id}?detailed=true`);
export const startSession = (synapse: string, pool: string, name: string, ttl?: string) =>
  ask<Session>(root(synapse, pool), { method: 'POST', body: { name, kind: 'pyspark', ...(ttl ? { ttl } : {}) } });
export const stopSession = (synapse: string, pool: string, id: number) =>
  ask(`${root(synapse, pool)}/${id}`, { method: 'DELETE' });
export const statements = (synapse: string, pool: string, id: number | string) =>
  ask<{ statements: Statement[] }>(`${root(synapse, pool)}/${id}/statements`).then((reply) => reply.statements);
export const statement = (synapse: string, pool: string, id: number | string, number: number) =>
  ask<Statement>(`${root(synapse, pool)}/${id}/statements/${number}`);
export const runStatement = (synapse: string, pool: string, id: number | string, code: string) =>
  ask<Statement>(`${root(synapse, pool)}/${id}/statements`, { method: 'POST', body: { code, kind: 'pyspark' } });
export const cancelStatement = (synapse: string, pool: string, id: number | string, number: number) =>
  ask(`${root(synapse, pool)}/${id}/statements/${number}/cancel`, { method: 'POST', body: {} });
export const sessionLog = (synapse: string, pool: string, id: number | string) =>
  ask<{ log: string[] }>(`${root(synapse, pool)}/${id}/log?from=0&size=1000`).then((reply) => reply.log);

/** A state in a person's words: Livy calls every session that somebody or a limit ended "killed". */
export const stateWord = (state: string) => (state === 'killed' ? 'stopped' : state);
export const isOver = (state: string) => ['dead', 'killed', 'error', 'success'].includes(state);
export const isStatementOver = (state: string) => ['available', 'cancelled', 'error'].includes(state);

/** Azure's management REST, as far as the studio uses it. */
import { ask, askHeader, ApiError, seg } from './client';

export interface Principal {
  id: string;
  displayName: string;
  principalType: string;
}
export interface Subscription {
  subscriptionId: string;
  displayName: string;
}
export interface Resource<P = Record<string, any>> {
  id: string;
  name: string;
  type: string;
  location?: string;
  properties: P;
  identity?: { principalId: string; tenantId: string };
  systemData?: { createdAt: string; createdBy: string; lastModifiedAt: string };
}
export type Link = Resource<{ linkedServiceResourceId: string; linkType: string }>;
export type Compute = Resource<{
  computeType: string;
  resourceId: string;
  provisioningState: string;
  description?: string;
  provisioningErrors?: { error: { code: string; message: string } }[] | null;
  properties?: { sparkVersion?: string; poolName?: string; workspaceName?: string; nodeSize?: string };
}>;
export type Pool = Resource<{ sparkVersion: string; nodeSize?: string; nodeCount?: number; provisioningState: string }>;
export interface Assignment {
  id: string;
  role: string;
  principal: string;
  scope: string;
  kind: string;
}
export interface Role {
  id: string;
  name: string;
  description: string;
  scopes: string[];
}

const VERSION = '?api-version=';
const ML = `${VERSION}2022-05-01`,
  SYNAPSE = `${VERSION}2021-03-01`,
  RBAC = `${VERSION}2022-04-01`,
  LINKS = `${VERSION}2020-04-01-preview`,
  COMPUTE = `${VERSION}2020-02-02`;

const values = <T>(path: string) => ask<{ value: T[] }>(path).then((reply) => reply.value);
const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);

export const me = (token?: string) => ask<Principal>('/v1.0/me', { token });
export const principals = () => values<Principal>('/v1.0/users');
export const directoryObject = (id: string) => ask<Principal>(`/v1.0/directoryObjects/${seg(id)}`, { none: 404 });
export const addUser = (name: string) =>
  ask<Principal & { token: string }>('/v1.0/users', { method: 'POST', body: { displayName: name } });
export const removeUser = (id: string) => ask(`/v1.0/users/${seg(id)}`, { method: 'DELETE' });
export const subscriptions = () => values<Subscription>(`/subscriptions${VERSION}2022-12-01`);
export const workspaces = (subscription: string) =>
  values<Resource>(`/subscriptions/${seg(subscription)}/providers/Microsoft.MachineLearningServices/workspaces${ML}`);
export const synapses = (subscription: string) =>
  values<Resource>(`/subscriptions/${seg(subscription)}/providers/Microsoft.Synapse/workspaces${SYNAPSE}`);
export const accounts = (subscription: string) =>
  values<Resource>(`/subscriptions/${seg(subscription)}/providers/Microsoft.Storage/storageAccounts${SYNAPSE}`);
export const pools = (synapseId: string) => values<Pool>(`${synapseId}/bigDataPools${SYNAPSE}`);

export const links = (ws: string) => values<Link>(`${ws}/linkedServices${LINKS}`).then((list) => list.sort(byName));
export const link = (ws: string, name: string) => ask<Link>(`${ws}/linkedServices/${seg(name)}${LINKS}`);
/** If-None-Match: *: made by this call, or refused because the name is taken. */
export const addLink = (ws: string, name: string, synapseId: string, location: string) =>
  ask<Link>(`${ws}/linkedServices/${seg(name)}${LINKS}`, {
    method: 'PUT',
    headers: { 'if-none-match': '*' },
    body: { name, location, identity: { type: 'SystemAssigned' }, properties: { linkedServiceResourceId: synapseId } },
  });
export const removeLink = (ws: string, name: string, detach: boolean) =>
  ask(`${ws}/linkedServices/${seg(name)}${LINKS}${detach ? '&detachComputes=true' : ''}`, { method: 'DELETE' });

export const computes = (ws: string) => values<Compute>(`${ws}/computes${COMPUTE}`).then((list) => list.sort(byName));
export const compute = (ws: string, name: string) => ask<Compute>(`${ws}/computes/${seg(name)}${COMPUTE}`);
export const removeCompute = (ws: string, name: string) =>
  ask(`${ws}/computes/${seg(name)}${COMPUTE}&underlyingResourceAction=Detach`, { method: 'DELETE' });

/** Attaches a pool, asynchronously on the server: resolves when the operation has succeeded, rejects with its own error. */
export async function attach(
  ws: string,
  name: string,
  poolId: string,
  location: string,
  onState: (state: string) => void,
) {
  const taken = await ask<Compute | null>(`${ws}/computes/${seg(name)}${COMPUTE}`, { none: 404 });
  if (taken && taken.properties.provisioningState !== 'Failed')
    throw new ApiError(
      409,
      'ResourceExists',
      `compute "${name}" exists already and is attached to "${taken.properties.resourceId}"`,
    );
  const [, operation] = await askHeader<Compute>(`${ws}/computes/${seg(name)}${COMPUTE}`, 'azure-asyncoperation', {
    method: 'PUT',
    body: { location, properties: { computeType: 'SynapseSpark', resourceId: poolId, isAttachedCompute: true } },
  });
  if (!operation) return;
  const at = new URL(operation, document.baseURI);
  for (;;) {
    const reply = await ask<{ status: string; error?: { code: string; message: string } }>(at.pathname + at.search);
    onState(reply.status);
    if (reply.status === 'Succeeded') return;
    if (reply.status === 'Failed' || reply.status === 'Canceled')
      throw new ApiError(
        200,
        reply.error?.code ?? reply.status,
        reply.error?.message ?? `the attach was ${reply.status.toLowerCase()}`,
      );
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}

/* ---- roles ---- */

const synapseRoot = (synapse: string) => `/synapse/${seg(synapse)}`;
const SYNAPSE_ROLES = `${VERSION}2020-12-01`;

export const synapseRoles = (synapse: string) => ask<Role[]>(`${synapseRoot(synapse)}/roleDefinitions${SYNAPSE_ROLES}`);
export const synapseAssignments = (synapse: string) =>
  values<any>(`${synapseRoot(synapse)}/roleAssignments${SYNAPSE_ROLES}`).then((list) =>
    list.map(
      (row): Assignment => ({
        id: row.id,
        role: row.roleDefinitionId,
        principal: row.principalId,
        scope: row.scope,
        kind: row.principalType,
      }),
    ),
  );
export const assignSynapse = (
  synapse: string,
  role: string,
  principal: string,
  kind: string,
  scope = `workspaces/${synapse}`,
) =>
  ask(`${synapseRoot(synapse)}/roleAssignments/${crypto.randomUUID()}${SYNAPSE_ROLES}`, {
    method: 'PUT',
    body: { roleId: role, principalId: principal, scope, principalType: kind },
  });
export const unassignSynapse = (synapse: string, id: string) =>
  ask(`${synapseRoot(synapse)}/roleAssignments/${seg(id)}${SYNAPSE_ROLES}`, { method: 'DELETE' });

const AUTHORIZATION = '/providers/Microsoft.Authorization';

export const armRoles = (subscription: string) =>
  values<any>(`/subscriptions/${seg(subscription)}${AUTHORIZATION}/roleDefinitions${RBAC}`).then((list) =>
    list.map(
      (row): Role => ({
        id: row.id,
        name: row.properties.roleName,
        description: row.properties.description,
        scopes: ['/'],
      }),
    ),
  );
export const armAssignments = (scope: string) =>
  values<any>(`${scope}${AUTHORIZATION}/roleAssignments${RBAC}`).then((list) =>
    list.map(
      (row): Assignment => ({
        id: row.name,
        role: row.properties.roleDefinitionId,
        principal: row.properties.principalId,
        scope: row.properties.scope,
        kind: row.properties.principalType,
      }),
    ),
  );
export const assignArm = (scope: string, role: string, principal: string) =>
  ask(`${scope}${AUTHORIZATION}/roleAssignments/${crypto.randomUUID()}${RBAC}`, {
    method: 'PUT',
    body: { properties: { roleDefinitionId: role, principalId: principal } },
  });
export const unassignArm = (scope: string, id: string) =>
  ask(`${scope}${AUTHORIZATION}/roleAssignments/${seg(id)}${RBAC}`, { method: 'DELETE' });

/** The last segment of a resource id. */
export const tail = (id: string) => id.slice(id.lastIndexOf('/') + 1);
/** The segment behind `word` in a resource id. */
export function part(id: string, word: string) {
  const segments = id.split('/'),
    at = segments.findIndex((segment) => segment.toLowerCase() === word.toLowerCase());
  return at < 0 ? '' : (segments[at + 1] ?? '');
}

/** Synapse Apache Spark Administrator, and the roles that let Spark be used beside it. */
export const SPARK_ADMINISTRATOR = 'c3a6d2f1-a26f-4810-9b0f-591308d5cbf1';
export const SPARK_ROLES = [
  SPARK_ADMINISTRATOR,
  '6e4bf58a-b8e1-4cc3-bbf9-d73143322b78',
  'e3844cc7-4670-42cb-9349-9bdac1ee7881',
];

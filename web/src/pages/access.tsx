/** Access control: who holds which role, where. Synapse's roles stand at a Synapse workspace; ARM's and storage's at resources. */
import { useState } from 'preact/hooks';
import * as azure from '../api/azure';
import { useAction, useLoaded } from '../hooks';
import { useStudio } from '../studio';
import {
  Button,
  Card,
  Command,
  Confirm,
  Dialog,
  Empty,
  Field,
  Listing,
  Mono,
  Notice,
  Page,
  Problem,
  sentence,
  Table,
  Tag,
} from '../ui/kit';

interface Place {
  key: string;
  label: string;
  kind: 'synapse' | 'arm' | 'storage';
  scope: string;
  synapse?: string;
}

const TABS: [Place['kind'], string, string][] = [
  ['synapse', 'Synapse roles', 'Who may use Spark pools, read their logs and assign Synapse roles.'],
  ['arm', 'Management roles', 'Who may see, change and link resources, and assign roles on them.'],
  [
    'storage',
    'Storage roles',
    'Who may read and write data. Owner and Contributor give no access to data by themselves.',
  ],
];

export function Access() {
  const { ws, subscription, synapses, workspace } = useStudio();
  const [kind, setKind] = useState<Place['kind']>('synapse');
  const [chosen, setChosen] = useState('');
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<azure.Assignment | null>(null);
  const [newUser, setNewUser] = useState(false);
  const accounts = useLoaded(`accounts ${subscription}`, () => azure.accounts(subscription));
  const people = useLoaded(`principals ${ws}`, () => loadPeople(ws));
  const group = azure.part(ws, 'resourceGroups');
  const places: Place[] = [
    ...synapses.map(
      (one): Place => ({
        key: one.id,
        label: one.name,
        kind: 'synapse',
        scope: `workspaces/${one.name}`,
        synapse: one.name,
      }),
    ),
    { key: 'ws', label: `Workspace ${workspace.name}`, kind: 'arm', scope: ws },
    ...synapses.map(
      (one): Place => ({ key: `arm${one.id}`, label: `Synapse workspace ${one.name}`, kind: 'arm', scope: one.id }),
    ),
    {
      key: 'group',
      label: `Resource group ${group}`,
      kind: 'arm',
      scope: `/subscriptions/${subscription}/resourceGroups/${group}`,
    },
    { key: 'subscription', label: 'Subscription', kind: 'arm', scope: `/subscriptions/${subscription}` },
    ...(accounts.data ?? []).map(
      (one): Place => ({ key: one.id, label: `Storage account ${one.name}`, kind: 'storage', scope: one.id }),
    ),
  ];
  const here = places.filter((one) => one.kind === kind),
    place = here.find((one) => one.key === chosen) ?? here[0];
  const roles = useLoaded(place ? `roles ${kind} ${place.synapse ?? subscription}` : null, () =>
    loadRoles(place!, subscription),
  );
  const list = useLoaded(place && roles.data ? `assignments ${kind} ${place.key}` : null, async () => {
    const rows =
      place!.kind === 'synapse'
        ? await azure.synapseAssignments(place!.synapse!)
        : await azure.armAssignments(place!.scope);
    return rows.filter((row) => roles.data!.some((role) => same(role.id, row.role)));
  });
  const tab = TABS.find((one) => one[0] === kind)!;
  const roleOf = (row: azure.Assignment) => roles.data?.find((role) => same(role.id, row.role));

  return (
    <Page
      title="Access control"
      lead="One set of roles for every way in. Each refusal names the role that is missing."
      actions={
        <Button icon="user" onClick={() => setNewUser(true)}>
          Add user
        </Button>
      }
    >
      <div
        class="tabs"
        role="tablist"
        aria-label="Kinds of roles"
        onKeyDown={(event) =>
          arrows(event, kind, (to) => {
            setKind(to);
            setChosen('');
          })
        }
      >
        {TABS.map(([value, label]) => (
          <button
            key={value}
            type="button"
            role="tab"
            id={`tab-${value}`}
            aria-selected={kind === value}
            aria-controls="assignments"
            tabIndex={kind === value ? 0 : -1}
            onClick={() => {
              setKind(value);
              setChosen('');
            }}
          >
            {label}
          </button>
        ))}
      </div>
      <div id="assignments" role="tabpanel" aria-labelledby={`tab-${kind}`}>
        <Card
          title="Role assignments"
          lead={tab[2]}
          flush
          actions={
            place && (
              <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
                Add role assignment
              </Button>
            )
          }
        >
          {here.length > 0 && (
            <div class="filter">
              <Field label={kind === 'synapse' ? 'Synapse workspace' : 'On'}>
                {(ids) => (
                  <select {...ids} value={place?.key} onChange={(event) => setChosen(event.currentTarget.value)}>
                    {here.map((one) => (
                      <option key={one.key} value={one.key}>
                        {one.label}
                      </option>
                    ))}
                  </select>
                )}
              </Field>
            </div>
          )}
          {!place ? (
            <Empty
              icon="shield"
              title={kind === 'storage' ? 'No storage account to be seen' : 'No Synapse workspace to be seen'}
            >
              There is none in this subscription, or you have no role that lets you see it.
            </Empty>
          ) : roles.error ? (
            <Problem error={roles.error} />
          ) : (
            <Listing
              of={list}
              empty={
                <Empty
                  icon="shield"
                  title="Nobody holds a role here"
                  action={
                    <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
                      Add role assignment
                    </Button>
                  }
                >
                  Add the first assignment.
                </Empty>
              }
            >
              {(rows) => (
                <Table
                  label="Role assignments"
                  rows={rows}
                  rowKey={(row) => row.id}
                  columns={[
                    { head: 'Principal', cell: (row) => <Who id={row.principal} people={people.data} /> },
                    {
                      head: 'Role',
                      cell: (row) => {
                        const role = roleOf(row);
                        return (
                          <>
                            <strong>{role?.name ?? row.role}</strong>
                            <p class="cell-note">{role && sentence(role.description)}</p>
                          </>
                        );
                      },
                    },
                    { head: 'Scope', cell: (row) => <Scope scope={row.scope} place={place} /> },
                    {
                      head: 'Actions',
                      cell: (row) => (
                        <Button
                          small
                          kind="quiet"
                          aria-label={`Remove ${roleOf(row)?.name} of ${people.data?.get(row.principal)?.name ?? row.principal}`}
                          onClick={() => setRemoving(row)}
                        >
                          Remove
                        </Button>
                      ),
                      class: 'fit end',
                    },
                  ]}
                />
              )}
            </Listing>
          )}
        </Card>
      </div>
      {adding && place && (
        <AddAssignment
          place={place}
          roles={roles.data ?? []}
          people={people.data ?? new Map()}
          onClose={(changed) => {
            setAdding(false);
            if (changed) list.reload();
          }}
        />
      )}
      {removing && place && (
        <RemoveAssignment
          place={place}
          row={removing}
          role={roleOf(removing)?.name ?? removing.role}
          who={people.data?.get(removing.principal)?.name ?? removing.principal}
          onClose={(changed) => {
            setRemoving(null);
            if (changed) list.reload();
          }}
        />
      )}
      {newUser && (
        <AddUser
          onClose={(changed) => {
            setNewUser(false);
            if (changed) people.reload();
          }}
        />
      )}
    </Page>
  );
}

interface Person {
  id: string;
  name: string;
  kind: string;
}

/** Principals by id: users, and the identities of this workspace's linked services under the services' names. */
async function loadPeople(ws: string): Promise<Map<string, Person>> {
  const [principals, links] = await Promise.all([azure.principals(), azure.links(ws)]);
  const people = new Map<string, Person>();
  for (const one of links)
    if (one.identity)
      people.set(one.identity.principalId, { id: one.identity.principalId, name: one.name, kind: 'Linked service' });
  for (const one of principals)
    if (!people.has(one.id))
      people.set(one.id, {
        id: one.id,
        name: one.displayName,
        kind: one.principalType === 'User' ? 'User' : 'Managed identity',
      });
  return people;
}

const STORAGE_ROLE = /^storage /i;
async function loadRoles(place: Place, subscription: string): Promise<azure.Role[]> {
  if (place.kind === 'synapse') return azure.synapseRoles(place.synapse!);
  return (await azure.armRoles(subscription)).filter(
    (role) => STORAGE_ROLE.test(role.name) === (place.kind === 'storage'),
  );
}

const same = (a: string, b: string) => azure.tail(a).toLowerCase() === azure.tail(b).toLowerCase();

function arrows(event: KeyboardEvent, kind: Place['kind'], go: (to: Place['kind']) => void) {
  const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
  if (!step) return;
  const to = TABS[(TABS.findIndex((one) => one[0] === kind) + step + TABS.length) % TABS.length]![0];
  go(to);
  document.getElementById(`tab-${to}`)?.focus();
}

function Who({ id, people }: { id: string; people?: Map<string, Person> }) {
  const person = people?.get(id);
  return (
    <div class="who">
      <span>
        <strong>{person?.name ?? 'Unknown'}</strong> {person && person.kind !== 'User' && <Tag>{person.kind}</Tag>}
      </span>
      <Mono text={id} short={`${id.slice(0, 8)}…`} what={`principal id of ${person?.name ?? id}`} />
    </div>
  );
}

function Scope({ scope, place }: { scope: string; place: Place }) {
  if (scope.toLowerCase() === place.scope.toLowerCase())
    return (
      <span>
        This{' '}
        {place.kind === 'storage'
          ? 'account'
          : place.key === 'group'
            ? 'resource group'
            : place.key === 'subscription'
              ? 'subscription'
              : 'workspace'}
      </span>
    );
  const above = place.scope.toLowerCase().startsWith(scope.toLowerCase());
  return (
    <span>
      {azure.part(scope, 'bigDataPools') ? `Pool ${azure.tail(scope)}` : azure.tail(scope)}{' '}
      {above && <Tag>Inherited</Tag>}
    </span>
  );
}

function AddAssignment({
  place,
  roles,
  people,
  onClose,
}: {
  place: Place;
  roles: azure.Role[];
  people: Map<string, Person>;
  onClose: (changed: boolean) => void;
}) {
  const first = place.kind === 'synapse' ? azure.SPARK_ADMINISTRATOR : (roles[0]?.id ?? '');
  const [role, setRole] = useState(first);
  const [principal, setPrincipal] = useState('');
  const [other, setOther] = useState('');
  const [pool, setPool] = useState('');
  const [wrong, setWrong] = useState('');
  const { busy, error, run } = useAction();
  const { synapses } = useStudio();
  const pools = useLoaded(place.kind === 'synapse' ? `pools of ${place.synapse}` : null, () =>
    azure.pools(synapses.find((one) => one.name === place.synapse)!.id),
  );
  const chosen = roles.find((one) => one.id === role),
    poolScope = chosen?.scopes.some((scope) => scope.includes('bigDataPools'));
  const add = async (event: Event) => {
    event.preventDefault();
    const id = principal === 'other' ? other.trim() : principal;
    setWrong(id ? '' : 'Choose who gets the role.');
    if (!id) return;
    const assign = async () => {
      const kind = people.get(id)?.kind === 'User' ? 'User' : 'ServicePrincipal';
      if (place.kind === 'synapse')
        await azure.assignSynapse(
          place.synapse!,
          role,
          id,
          kind,
          poolScope && pool ? `${place.scope}/bigDataPools/${pool}` : place.scope,
        );
      else await azure.assignArm(place.scope, role, id);
    };
    if (await run(assign)) onClose(true);
  };
  const groups = ['Linked service', 'User', 'Managed identity']
    .map((kind) => [kind, [...people.values()].filter((one) => one.kind === kind)] as const)
    .filter((one) => one[1].length);
  return (
    <Dialog
      title="Add role assignment"
      onClose={() => onClose(false)}
      footer={
        <>
          <Button onClick={() => onClose(false)}>Cancel</Button>
          <Button kind="primary" type="submit" form="assign" busy={busy}>
            Assign
          </Button>
        </>
      }
    >
      <form id="assign" onSubmit={add} noValidate>
        <p class="hint">On {place.label}.</p>
        <Field label="Role" required help={chosen && sentence(chosen.description)}>
          {(ids) => (
            <select {...ids} value={role} onChange={(event) => setRole(event.currentTarget.value)}>
              {roles.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          )}
        </Field>
        {poolScope && (
          <Field label="Spark pool" help="This role can be given on one pool alone.">
            {(ids) => (
              <select {...ids} value={pool} onChange={(event) => setPool(event.currentTarget.value)}>
                <option value="">Every pool of {place.synapse}</option>
                {pools.data?.map((one) => (
                  <option key={one.id} value={one.name}>
                    {one.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        <Field label="Assign to" required error={wrong} help="A user, or the managed identity of a linked service.">
          {(ids) => (
            <select
              {...ids}
              value={principal}
              onChange={(event) => {
                setPrincipal(event.currentTarget.value);
                setWrong('');
              }}
            >
              <option value="">Select a principal</option>
              {groups.map(([kind, list]) => (
                <optgroup
                  key={kind}
                  label={
                    kind === 'Linked service'
                      ? 'Managed identities of linked services'
                      : kind === 'User'
                        ? 'Users'
                        : 'Managed identities'
                  }
                >
                  {list.map((one) => (
                    <option key={one.id} value={one.id}>
                      {one.name} ({one.id.slice(0, 8)}…)
                    </option>
                  ))}
                </optgroup>
              ))}
              <option value="other">By principal id…</option>
            </select>
          )}
        </Field>
        {principal === 'other' && (
          <Field label="Principal id" required>
            {(ids) => (
              <input
                {...ids}
                autocomplete="off"
                spellcheck={false}
                value={other}
                onInput={(event) => setOther(event.currentTarget.value)}
                placeholder="00000000-0000-0000-0000-000000000000"
              />
            )}
          </Field>
        )}
        {error && <Problem error={error} />}
      </form>
    </Dialog>
  );
}

function RemoveAssignment({
  place,
  row,
  role,
  who,
  onClose,
}: {
  place: Place;
  row: azure.Assignment;
  role: string;
  who: string;
  onClose: (changed: boolean) => void;
}) {
  const remove = async () => {
    if (place.kind === 'synapse') await azure.unassignSynapse(place.synapse!, row.id);
    else await azure.unassignArm(row.scope, row.id);
  };
  return (
    <Confirm title="Remove this role?" label="Remove" act={remove} onClose={onClose}>
      <p>
        <strong>{who}</strong> loses <strong>{role}</strong> on <code>{row.scope}</code>. What runs with it ends.
      </p>
    </Confirm>
  );
}

function AddUser({ onClose }: { onClose: (changed: boolean) => void }) {
  const [name, setName] = useState('');
  const [made, setMade] = useState<{ displayName: string; id: string; token: string } | null>(null);
  const [wrong, setWrong] = useState('');
  const { busy, error, run } = useAction();
  const add = async (event: Event) => {
    event.preventDefault();
    setWrong(name.trim() ? '' : 'Give the user a name.');
    if (!name.trim()) return;
    await run(async () => setMade(await azure.addUser(name.trim())));
  };
  if (made)
    return (
      <Dialog
        title={`${made.displayName} can sign in`}
        onClose={() => onClose(true)}
        footer={
          <Button kind="primary" onClick={() => onClose(true)}>
            Done
          </Button>
        }
      >
        <Notice tone="warn" title="Copy the token now">
          <p>It is shown only once. Whoever has it is {made.displayName}.</p>
        </Notice>
        <Command text={made.token} />
        <p class="hint">
          The user is Reader on the first resource group: enough to look around. Assign what else is needed.
        </p>
      </Dialog>
    );
  return (
    <Dialog
      title="Add user"
      onClose={() => onClose(false)}
      footer={
        <>
          <Button onClick={() => onClose(false)}>Cancel</Button>
          <Button kind="primary" type="submit" form="user" busy={busy}>
            Add
          </Button>
        </>
      }
    >
      <form id="user" onSubmit={add} noValidate>
        <Field label="Name" required error={wrong}>
          {(ids) => (
            <input
              {...ids}
              autocomplete="off"
              spellcheck={false}
              value={name}
              onInput={(event) => setName(event.currentTarget.value)}
            />
          )}
        </Field>
        {error && <Problem error={error} />}
      </form>
    </Dialog>
  );
}

/** Linked services: the list, and one with its managed identity. */
import { useState } from 'preact/hooks';
import * as azure from '../api/azure';
import { go, useAction, useLoaded } from '../hooks';
import { useStudio } from '../studio';
import {
  A,
  Button,
  ButtonLink,
  Card,
  Confirm,
  Empty,
  Listing,
  ListPage,
  Mono,
  Notice,
  Page,
  Problem,
  Skeleton,
  Status,
  Table,
  When,
} from '../ui/kit';

export function Links() {
  const { ws } = useStudio();
  const list = useLoaded(`links ${ws}`, () => azure.links(ws));
  return (
    <ListPage
      title="Linked Services"
      lead="Synapse workspaces whose Spark pools this workspace may attach."
      label="Linked services"
      list={list}
      rowKey={(row) => row.id}
      action={
        <ButtonLink to="/linked-services/new" kind="primary" icon="plus">
          Add integration
        </ButtonLink>
      }
      empty={{
        icon: 'link',
        title: 'No linked services',
        text: (
          <>Link a Synapse workspace to attach its Spark pools for data preparation. You need the role Owner on it.</>
        ),
      }}
      columns={[
        {
          head: 'Name',
          cell: (row) => (
            <A to={`/linked-services/${encodeURIComponent(row.name)}`} class="strong">
              {row.name}
            </A>
          ),
        },
        { head: 'Synapse workspace', cell: (row) => azure.tail(row.properties.linkedServiceResourceId) },
        {
          head: 'Managed identity',
          cell: (row) =>
            row.identity ? (
              <Mono
                text={row.identity.principalId}
                short={`${row.identity.principalId.slice(0, 8)}…`}
                what={`managed identity of ${row.name}`}
              />
            ) : (
              '–'
            ),
        },
        { head: 'Linked', cell: (row) => <When at={row.systemData?.createdAt} />, class: 'fit' },
      ]}
    />
  );
}

export function LinkDetail({ name }: { name: string }) {
  const { ws } = useStudio();
  const [unlinking, setUnlinking] = useState(false);
  const one = useLoaded(`link ${ws} ${name}`, () => azure.link(ws, name));
  const link = one.data,
    synapse = link ? azure.tail(link.properties.linkedServiceResourceId) : '';
  const attached = useLoaded(link ? `link computes ${link.id}` : null, () =>
    azure
      .computes(ws)
      .then((list) => list.filter((row) => azure.part(row.properties.resourceId, 'workspaces') === synapse)),
  );

  return (
    <Page
      title={name}
      crumb={['/linked-services', 'Linked Services']}
      lead={
        link && (
          <>
            Links this workspace to the Synapse workspace <strong>{synapse}</strong>.
          </>
        )
      }
      actions={
        link && (
          <Button kind="danger" icon="trash" onClick={() => setUnlinking(true)}>
            Unlink
          </Button>
        )
      }
    >
      {one.error && (
        <Problem error={one.error}>
          <p>
            <ButtonLink to="/linked-services">Back to linked services</ButtonLink>
          </p>
        </Problem>
      )}
      {one.loading && (
        <Card title="Managed identity">
          <Skeleton rows={4} />
        </Card>
      )}
      {link && (
        <>
          <Identity link={link} synapse={synapse} />
          <Card title="Computes" flush actions={<ButtonLink to="/computes">Attach a pool</ButtonLink>}>
            <Listing
              of={attached}
              rows={2}
              empty={
                <Empty
                  icon="compute"
                  title="No pool of this Synapse workspace is attached"
                  action={<ButtonLink to="/computes">Attach a pool</ButtonLink>}
                >
                  An attached pool is what a notebook names in <code>%synapse start -c</code>.
                </Empty>
              }
            >
              {(rows) => (
                <Table
                  label="Attached computes"
                  rows={rows}
                  rowKey={(row) => row.id}
                  columns={[
                    { head: 'Name', cell: (row) => <strong>{row.name}</strong> },
                    { head: 'Spark pool', cell: (row) => azure.tail(row.properties.resourceId) },
                    { head: 'State', cell: (row) => <Status state={row.properties.provisioningState} />, class: 'fit' },
                  ]}
                />
              )}
            </Listing>
          </Card>
          <Card title="About">
            <dl class="facts two">
              <div>
                <dt>Synapse workspace</dt>
                <dd>{synapse}</dd>
              </div>
              <div>
                <dt>Resource group</dt>
                <dd>{azure.part(link.properties.linkedServiceResourceId, 'resourceGroups')}</dd>
              </div>
              <div>
                <dt>Linked</dt>
                <dd>
                  <When at={link.systemData?.createdAt} />
                </dd>
              </div>
              <div class="whole">
                <dt>Resource id</dt>
                <dd>
                  <Mono text={link.id} what="resource id" />
                </dd>
              </div>
            </dl>
          </Card>
        </>
      )}
      {unlinking && link && <Unlink name={name} onClose={() => setUnlinking(false)} />}
    </Page>
  );
}

/** The managed identity, and the role that the article asks for before jobs are submitted. */
export function Identity({ link, synapse }: { link: azure.Link; synapse: string }) {
  const id = link.identity?.principalId ?? '';
  const { busy, error: failed, run } = useAction();
  const roles = useLoaded(`identity roles ${link.id}`, async () => {
    const [given, known] = await Promise.all([azure.synapseAssignments(synapse), azure.synapseRoles(synapse)]);
    return given
      .filter((row) => row.principal === id)
      .map((row) => known.find((role) => role.id === row.role)?.name ?? row.role);
  });
  const grant = async () => {
    const assign = () => azure.assignSynapse(synapse, azure.SPARK_ADMINISTRATOR, id, 'ServicePrincipal');
    if (await run(assign)) roles.reload();
  };
  return (
    <Card title="Managed identity" lead="Submitted Spark jobs run as this identity.">
      <dl class="facts two">
        <div class="whole">
          <dt>
            Principal id <span class="faint">(system_assigned_identity_principal_id)</span>
          </dt>
          <dd>
            <Mono text={id} what="principal id" />
          </dd>
        </div>
        <div class="whole">
          <dt>Roles in {synapse}</dt>
          <dd>
            {roles.error ? (
              <span class="faint">Not to be seen: you have no role in this Synapse workspace.</span>
            ) : !roles.data ? (
              <span class="faint">Loading…</span>
            ) : roles.data.length ? (
              roles.data.join(', ')
            ) : (
              <span class="faint">None</span>
            )}
          </dd>
        </div>
      </dl>
      {roles.data && !roles.data.length && (
        <Notice tone="warn" title="This identity cannot use Spark yet">
          <p>Assign it the role Synapse Apache Spark Administrator of {synapse} before you submit a Spark job.</p>
          <p>
            <Button kind="primary" small busy={busy} onClick={grant}>
              Assign Synapse Apache Spark Administrator
            </Button>
          </p>
        </Notice>
      )}
      {failed && <Problem error={failed} />}
    </Card>
  );
}

/** Unlinking is never silent about computes: the server refuses, and only a second, explicit choice detaches them. */
function Unlink({ name, onClose }: { name: string; onClose: () => void }) {
  const { ws } = useStudio();
  const action = useAction();
  const [detach, setDetach] = useState(false);
  const attached = detach || action.error?.status === 409;
  const unlink = async () => {
    await azure.removeLink(ws, name, detach);
  };
  return (
    <Confirm
      title={`Unlink ${name}?`}
      label={attached ? 'Detach computes and unlink' : 'Unlink'}
      disabled={attached && !detach}
      act={unlink}
      onClose={(done) => {
        onClose();
        if (done) go('/linked-services');
      }}
      action={action}
      problem={attached ? 'Computes are attached through it' : undefined}
    >
      <p>
        The linked service and its managed identity are removed, with every role given to that identity. The Synapse
        workspace and its pools stay as they are.
      </p>
      {attached && (
        <label class="check">
          <input type="checkbox" checked={detach} onChange={(event) => setDetach(event.currentTarget.checked)} />
          <span>Detach these computes too. Notebooks that name them will not start.</span>
        </label>
      )}
    </Confirm>
  );
}

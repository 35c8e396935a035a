/** Computes: Spark pools attached to the workspace. */
import { useState } from 'preact/hooks';
import * as azure from '../api/azure';
import { useAction, useLoaded } from '../hooks';
import { useStudio } from '../studio';
import { Button, ButtonLink, Confirm, Dialog, Empty, Field, ListPage, Mono, Problem, Status, When } from '../ui/kit';

const pending = (list: azure.Compute[]) =>
  list.some((one) => !['Succeeded', 'Failed'].includes(one.properties.provisioningState));

export function Computes() {
  const { ws } = useStudio();
  const [attaching, setAttaching] = useState(false);
  const [detaching, setDetaching] = useState<azure.Compute | null>(null);
  const list = useLoaded(
    `computes ${ws}`,
    () => azure.computes(ws),
    (rows) => (pending(rows) ? 400 : null),
  );
  return (
    <ListPage
      title="Computes"
      lead="Synapse Spark pools that notebooks and runs of this workspace use by name."
      label="Computes"
      list={list}
      rowKey={(row) => row.id}
      action={
        <Button kind="primary" icon="plus" onClick={() => setAttaching(true)}>
          Attach pool
        </Button>
      }
      empty={{
        icon: 'compute',
        title: 'No computes',
        text: (
          <>
            Attach a Spark pool of a linked Synapse workspace, then start it in a notebook with{' '}
            <code>%synapse start -c NAME</code>.
          </>
        ),
      }}
      columns={[
        {
          head: 'Name',
          cell: (row) => (
            <>
              <strong>{row.name}</strong>
              {row.properties.provisioningErrors?.map((one) => (
                <p class="cell-error" key={one.error.code}>
                  {one.error.message}
                </p>
              ))}
            </>
          ),
        },
        {
          head: 'Spark pool',
          cell: (row) => (
            <>
              {azure.tail(row.properties.resourceId)}
              <p class="cell-note">{azure.part(row.properties.resourceId, 'workspaces')}</p>
            </>
          ),
        },
        {
          head: 'State',
          cell: (row) => (
            <Status
              state={row.properties.provisioningState}
              label={row.properties.provisioningState === 'Succeeded' ? 'Attached' : undefined}
            />
          ),
          class: 'fit',
        },
        {
          head: 'In a notebook',
          cell: (row) =>
            row.properties.provisioningState === 'Succeeded' && (
              <Mono text={`%synapse start -c ${row.name}`} what={`the line that starts ${row.name}`} />
            ),
        },
        { head: 'Attached', cell: (row) => <When at={row.systemData?.createdAt} />, class: 'fit' },
        {
          head: 'Actions',
          cell: (row) => (
            <Button small kind="quiet" aria-label={`Detach ${row.name}`} onClick={() => setDetaching(row)}>
              Detach
            </Button>
          ),
          class: 'fit end',
        },
      ]}
    >
      {attaching && (
        <Attach
          onClose={(changed) => {
            setAttaching(false);
            if (changed) list.reload();
          }}
        />
      )}
      {detaching && (
        <Detach
          compute={detaching}
          onClose={(changed) => {
            setDetaching(null);
            if (changed) list.reload();
          }}
        />
      )}
    </ListPage>
  );
}

function Attach({ onClose }: { onClose: (changed: boolean) => void }) {
  const { ws, location } = useStudio();
  const [pool, setPool] = useState('');
  const [name, setName] = useState('');
  const [wrong, setWrong] = useState<{ pool?: string; name?: string }>({});
  const [state, setState] = useState('');
  const { busy, error, run } = useAction();
  const pools = useLoaded(`linked pools ${ws}`, async () => {
    const links = await azure.links(ws),
      ids = [...new Set(links.map((one) => one.properties.linkedServiceResourceId))];
    return { links, pools: (await Promise.all(ids.map((id) => azure.pools(id)))).flat() };
  });
  const attach = async (event: Event) => {
    event.preventDefault();
    const found = {
      pool: pool ? undefined : 'Select a pool.',
      name: /^[A-Za-z][A-Za-z0-9-]{0,14}[A-Za-z0-9]$/.test(name)
        ? undefined
        : 'Use 2 to 16 letters, digits or -, a letter first and no - at the end.',
    };
    setWrong(found);
    if (found.pool || found.name) return;
    setState('Asking for it');
    const told = (next: string) => setState(next === 'InProgress' ? 'Attaching' : next);
    if (await run(() => azure.attach(ws, name, pool, location, told))) onClose(true);
  };
  const none = pools.data && !pools.data.links.length;
  return (
    <Dialog
      title="Attach a Spark pool"
      onClose={() => onClose(busy || !!error)}
      footer={
        none ? undefined : (
          <>
            <Button onClick={() => onClose(!!error)}>Cancel</Button>
            <Button kind="primary" type="submit" form="attach" busy={busy}>
              {busy ? state : 'Attach'}
            </Button>
          </>
        )
      }
    >
      {none ? (
        <Empty
          icon="link"
          title="Link a Synapse workspace first"
          action={
            <ButtonLink to="/linked-services/new" kind="primary">
              Add integration
            </ButtonLink>
          }
        >
          Pools of linked Synapse workspaces can be attached, and there is no linked service yet.
        </Empty>
      ) : (
        <form id="attach" onSubmit={attach} noValidate>
          <Field
            label="Spark pool"
            required
            error={wrong.pool ?? pools.error?.message}
            help="Of a linked Synapse workspace."
          >
            {(ids) => (
              <select
                {...ids}
                value={pool}
                disabled={!pools.data}
                onChange={(event) => setPool(event.currentTarget.value)}
              >
                <option value="">{pools.data ? 'Select a pool' : 'Loading…'}</option>
                {pools.data?.pools.map((one) => (
                  <option key={one.id} value={one.id}>
                    {one.name} ({azure.part(one.id, 'workspaces')}, Spark {one.properties.sparkVersion})
                  </option>
                ))}
              </select>
            )}
          </Field>
          <Field label="Compute name" required error={wrong.name} help="What notebooks call it: %synapse start -c NAME">
            {(ids) => (
              <input
                {...ids}
                autocomplete="off"
                spellcheck={false}
                maxLength={16}
                value={name}
                onInput={(event) => setName(event.currentTarget.value)}
              />
            )}
          </Field>
          {error && <Problem error={error} />}
        </form>
      )}
    </Dialog>
  );
}

function Detach({ compute, onClose }: { compute: azure.Compute; onClose: (changed: boolean) => void }) {
  const { ws } = useStudio();
  const detach = async () => {
    await azure.removeCompute(ws, compute.name);
  };
  return (
    <Confirm title={`Detach ${compute.name}?`} label="Detach" act={detach} onClose={onClose}>
      <p>
        Notebooks that name it will not start. The pool <strong>{azure.tail(compute.properties.resourceId)}</strong>{' '}
        itself stays, and can be attached again.
      </p>
    </Confirm>
  );
}

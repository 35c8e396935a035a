/** Datastores: where data is, and how it is reached. */
import { useState } from 'preact/hooks';
import * as data from '../api/data';
import { useAction, useLoaded } from '../hooks';
import { useStudio } from '../studio';
import { Button, Confirm, Dialog, Field, ListPage, Problem, Tag, When } from '../ui/kit';

const REACHED = { AccountKey: 'Account key', Sas: 'Shared access signature', None: 'Storage roles' } as const;
const KINDS: Record<string, string> = { AzureBlob: 'Blob container', AzureDataLakeGen2: 'Data Lake filesystem' };

export function Datastores() {
  const { ws } = useStudio();
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<data.Datastore | null>(null);
  const { error: failed, run } = useAction();
  const list = useLoaded(`datastores ${ws}`, () => data.datastores(ws));
  const setDefault = async (name: string) => {
    if (await run(() => data.makeDefault(ws, name))) list.reload();
  };
  return (
    <ListPage
      title="Datastores"
      lead="Storage that datasets refer to by name, and how it is reached."
      label="Datastores"
      list={list}
      rowKey={(row) => row.name}
      action={
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          Add datastore
        </Button>
      }
      empty={{ icon: 'store', title: 'No datastores', text: <>Connect the storage that holds your prepared data.</> }}
      columns={[
        {
          head: 'Name',
          cell: (row) => (
            <>
              <strong>{row.name}</strong> {row.isDefault && <Tag>Default</Tag>}
            </>
          ),
        },
        { head: 'Account', cell: (row) => row.azureStorageSection.accountName },
        {
          head: 'Container',
          cell: (row) => (
            <>
              {row.azureStorageSection.containerName}
              <p class="cell-note">{KINDS[row.dataStoreType] ?? row.dataStoreType}</p>
            </>
          ),
        },
        {
          head: 'Reached by',
          cell: (row) => REACHED[row.azureStorageSection.credentialType] ?? row.azureStorageSection.credentialType,
        },
        { head: 'Changed', cell: (row) => <When at={row.modifiedTime} />, class: 'fit' },
        {
          head: 'Actions',
          cell: (row) =>
            row.isDefault ? (
              <span class="faint">–</span>
            ) : (
              <div class="actions">
                <Button
                  small
                  kind="quiet"
                  aria-label={`Make ${row.name} the default`}
                  onClick={() => void setDefault(row.name)}
                >
                  Make default
                </Button>
                <Button small kind="quiet" aria-label={`Remove ${row.name}`} onClick={() => setRemoving(row)}>
                  Remove
                </Button>
              </div>
            ),
          class: 'fit end',
        },
      ]}
    >
      {failed && <Problem error={failed} />}
      {adding && (
        <Add
          onClose={(changed) => {
            setAdding(false);
            if (changed) list.reload();
          }}
        />
      )}
      {removing && (
        <Remove
          store={removing}
          onClose={(changed) => {
            setRemoving(null);
            if (changed) list.reload();
          }}
        />
      )}
    </ListPage>
  );
}

function Add({ onClose }: { onClose: (changed: boolean) => void }) {
  const { ws } = useStudio();
  const [store, setStore] = useState<data.NewDatastore>({
    name: '',
    type: 'AzureBlob',
    account: '',
    container: '',
    credentialType: 'AccountKey',
    credential: '',
  });
  const [wrong, setWrong] = useState<Partial<Record<keyof data.NewDatastore, string>>>({});
  const { busy, error, run } = useAction();
  const change = (part: Partial<data.NewDatastore>) => {
    setStore((before) => ({ ...before, ...part }));
    setWrong({});
  };
  const text =
    (key: 'name' | 'account' | 'container' | 'credential', placeholder = '', secret = false) =>
    (ids: object) => (
      <input
        {...ids}
        type={secret ? 'password' : 'text'}
        autocomplete="off"
        spellcheck={false}
        value={store[key]}
        placeholder={placeholder}
        onInput={(event) => change({ [key]: event.currentTarget.value.trim() })}
      />
    );
  const add = async (event: Event) => {
    event.preventDefault();
    const found: typeof wrong = {};
    if (!/^[a-z0-9_]{1,255}$/i.test(store.name)) found.name = 'Use letters, digits and _.';
    if (!/^[a-z0-9]{3,24}$/.test(store.account))
      found.account = 'An account’s name is 3 to 24 small letters and digits.';
    if (!store.container) found.container = 'Name the container.';
    if (store.credentialType !== 'None' && !store.credential) found.credential = 'Paste it here.';
    setWrong(found);
    if (Object.keys(found).length) return;
    if (await run(() => data.addDatastore(ws, store))) onClose(true);
  };
  return (
    <Dialog
      title="Add datastore"
      onClose={() => onClose(false)}
      footer={
        <>
          <Button onClick={() => onClose(false)}>Cancel</Button>
          <Button kind="primary" type="submit" form="datastore" busy={busy}>
            Add
          </Button>
        </>
      }
    >
      <form id="datastore" onSubmit={add} noValidate>
        <Field label="Name" required error={wrong.name} help="What datasets call it.">
          {text('name', 'mydatastore')}
        </Field>
        <Field label="Kind" required>
          {(ids) => (
            <select {...ids} value={store.type} onChange={(event) => change({ type: event.currentTarget.value })}>
              {Object.entries(KINDS).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Storage account" required error={wrong.account}>
          {text('account', 'dprepdata')}
        </Field>
        <Field label="Container" required error={wrong.container}>
          {text('container', 'demo')}
        </Field>
        <Field
          label="Reached by"
          required
          help={
            store.credentialType === 'None'
              ? 'Whoever reads needs Storage Blob Data Reader on the container.'
              : 'Readers never get it: they get a signature for reading that ends soon.'
          }
        >
          {(ids) => (
            <select
              {...ids}
              value={store.credentialType}
              onChange={(event) =>
                change({
                  credentialType: event.currentTarget.value as data.NewDatastore['credentialType'],
                  credential: '',
                })
              }
            >
              {Object.entries(REACHED).map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        {store.credentialType !== 'None' && (
          <Field label={REACHED[store.credentialType]} required error={wrong.credential}>
            {text('credential', '', true)}
          </Field>
        )}
        {error && <Problem error={error} />}
      </form>
    </Dialog>
  );
}

function Remove({ store, onClose }: { store: data.Datastore; onClose: (changed: boolean) => void }) {
  const { ws } = useStudio();
  const remove = async () => {
    await data.removeDatastore(ws, store.name);
  };
  return (
    <Confirm title={`Remove ${store.name}?`} label="Remove" act={remove} onClose={onClose}>
      <p>
        The data in{' '}
        <strong>
          {store.azureStorageSection.accountName}/{store.azureStorageSection.containerName}
        </strong>{' '}
        stays. Datasets that refer to this datastore can no longer be read.
      </p>
    </Confirm>
  );
}

/** Add integration: Link workspace, Select Spark pools (optional), Review, Create. What is entered is kept in the tab until it is done. */
import { useEffect, useRef, useState } from 'preact/hooks';
import * as azure from '../api/azure';
import type { ApiError } from '../api/client';
import { go, useLoaded } from '../hooks';
import { useStudio } from '../studio';
import { A, Button, ButtonLink, Empty, Field, Listing, Notice, Page, Problem, Status } from '../ui/kit';
import { Icon } from '../ui/icons';
import { Identity } from './links';

interface Draft {
  name: string;
  subscription: string;
  synapse: string;
  pools: Record<string, string>;
}
type Errors = Partial<Record<'name' | 'subscription' | 'synapse', string>> & { pools?: Record<string, string> };

const DRAFT_KEY = 'headrace.link-draft';
const STEPS = ['Link workspace', 'Select Spark pools (optional)', 'Review'];
const COMPUTE_NAME = /^[A-Za-z][A-Za-z0-9-]{0,14}[A-Za-z0-9]$/,
  LINK_NAME = /^[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9_])?$/;

function savedDraft(subscription: string): Draft {
  try {
    return { name: '', subscription, synapse: '', pools: {}, ...JSON.parse(sessionStorage.getItem(DRAFT_KEY) ?? '{}') };
  } catch {
    return { name: '', subscription, synapse: '', pools: {} };
  }
}

export function LinkWizard() {
  const { ws, subscriptions, subscription, location } = useStudio();
  const [draft, setDraft] = useState(() => savedDraft(subscription));
  const [step, setStep] = useState(0);
  const [errors, setErrors] = useState<Errors>({});
  const [creating, setCreating] = useState(false);
  const form = useRef<HTMLFormElement>(null),
    title = useRef<HTMLHeadingElement>(null),
    moved = useRef(false);
  const synapses = useLoaded(`synapses ${draft.subscription}`, () => azure.synapses(draft.subscription));
  const taken = useLoaded(`links ${ws}`, () => azure.links(ws));

  useEffect(() => {
    sessionStorage.setItem(DRAFT_KEY, JSON.stringify(draft));
  }, [draft]);
  useEffect(() => {
    if (moved.current) title.current?.focus();
    moved.current = true;
  }, [step]);
  const change = (part: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...part }));
    setErrors({});
  };

  const check = (): Errors => {
    const found: Errors = {},
      name = draft.name.trim();
    if (!name) found.name = 'Give the linked service a name.';
    else if (!LINK_NAME.test(name))
      found.name = 'Use 1 to 64 letters, digits, - or _, a letter or digit first and no - at the end.';
    else if (taken.data?.some((one) => one.name.toLowerCase() === name.toLowerCase()))
      found.name = `A linked service named “${name}” exists already.`;
    if (!draft.subscription) found.subscription = 'Select a subscription.';
    if (!draft.synapse) found.synapse = 'Select the Synapse workspace that you want to link to.';
    return found;
  };
  const checkPools = (): Errors => {
    const found: Record<string, string> = {};
    const names = Object.values(draft.pools).map((name) => name.toLowerCase());
    for (const [id, name] of Object.entries(draft.pools))
      if (!COMPUTE_NAME.test(name)) found[id] = 'Use 2 to 16 letters, digits or -, a letter first and no - at the end.';
      else if (names.filter((other) => other === name.toLowerCase()).length > 1)
        found[id] = 'Two computes cannot have the same name.';
    return Object.keys(found).length ? { pools: found } : {};
  };
  const next = (event: Event) => {
    event.preventDefault();
    const found = step === 0 ? check() : step === 1 ? checkPools() : {};
    setErrors(found);
    if (Object.keys(found).length) {
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      return;
    }
    if (step < 2) setStep(step + 1);
    else setCreating(true);
  };
  const done = () => sessionStorage.removeItem(DRAFT_KEY);

  return (
    <Page
      title="Add integration"
      crumb={['/linked-services', 'Linked Services']}
      lead="Link a Synapse workspace to this workspace, and attach its Spark pools."
    >
      <ol class="stepper" aria-label="Steps">
        {STEPS.map((label, i) => (
          <li
            key={label}
            class={i < step || creating ? 'done' : i === step ? 'now' : ''}
            aria-current={i === step ? 'step' : undefined}
          >
            <span aria-hidden="true">{i < step || creating ? <Icon name="check" /> : i + 1}</span>
            {label}
          </li>
        ))}
      </ol>
      {creating ? (
        <Creation
          draft={draft}
          location={location}
          onBack={() => setCreating(false)}
          onRename={() => {
            setCreating(false);
            setStep(0);
            taken.reload();
          }}
          onDone={done}
        />
      ) : (
        <form class="card form" ref={form} onSubmit={next} noValidate aria-labelledby="step-title">
          <header class="card-head">
            <h2 id="step-title" ref={title} tabIndex={-1}>
              {STEPS[step]}
            </h2>
          </header>
          <div class="card-body">
            {step === 0 && (
              <>
                <Field
                  label="Name"
                  required
                  error={errors.name}
                  help="Provide a name for your linked service. This name is what will be used to refer to this particular linked service."
                >
                  {(ids) => (
                    <input
                      {...ids}
                      name="name"
                      autocomplete="off"
                      spellcheck={false}
                      maxLength={64}
                      value={draft.name}
                      onInput={(event) => change({ name: event.currentTarget.value })}
                      placeholder="synapselink1"
                    />
                  )}
                </Field>
                <Field
                  label="Subscription name"
                  required
                  error={errors.subscription}
                  help="The subscription that is associated with your machine learning workspace."
                >
                  {(ids) => (
                    <select
                      {...ids}
                      name="subscription"
                      value={draft.subscription}
                      onChange={(event) => change({ subscription: event.currentTarget.value, synapse: '', pools: {} })}
                    >
                      {subscriptions.map((one) => (
                        <option key={one.subscriptionId} value={one.subscriptionId}>
                          {one.displayName} ({one.subscriptionId})
                        </option>
                      ))}
                    </select>
                  )}
                </Field>
                <Field
                  label="Synapse workspace"
                  required
                  error={errors.synapse ?? (synapses.error ? synapses.error.message : undefined)}
                  help={
                    synapses.data && !synapses.data.length ? (
                      <>
                        You see no Synapse workspace in this subscription. Make one with{' '}
                        <code>headrace synapse create</code>, or ask its owner for a role.
                      </>
                    ) : (
                      'The Synapse workspace that you want to link to. You need the role Owner on it.'
                    )
                  }
                >
                  {(ids) => (
                    <select
                      {...ids}
                      name="synapse"
                      value={draft.synapse}
                      disabled={!synapses.data}
                      onChange={(event) => change({ synapse: event.currentTarget.value, pools: {} })}
                    >
                      <option value="">{synapses.data ? 'Select a Synapse workspace' : 'Loading…'}</option>
                      {synapses.data?.map((one) => (
                        <option key={one.id} value={one.id}>
                          {one.name}
                        </option>
                      ))}
                    </select>
                  )}
                </Field>
              </>
            )}
            {step === 1 && (
              <PoolChoice draft={draft} errors={errors.pools ?? {}} onChange={(pools) => change({ pools })} />
            )}
            {step === 2 && <Review draft={draft} />}
          </div>
          <footer class="form-foot">
            {step === 0 ? (
              <ButtonLink to="/linked-services">Cancel</ButtonLink>
            ) : (
              <Button onClick={() => setStep(step - 1)}>Back</Button>
            )}
            <Button kind="primary" type="submit">
              {step < 2 ? 'Next' : 'Create'}
            </Button>
          </footer>
        </form>
      )}
    </Page>
  );
}

/** A name that a compute may have, from a pool's. */
function proposed(pool: string) {
  const name = pool
    .replace(/[^A-Za-z0-9-]/g, '')
    .replace(/^[^A-Za-z]+/, '')
    .slice(0, 16)
    .replace(/-+$/, '');
  return name.length >= 2 ? name : 'spark';
}

function PoolChoice({
  draft,
  errors,
  onChange,
}: {
  draft: Draft;
  errors: Record<string, string>;
  onChange: (pools: Record<string, string>) => void;
}) {
  const pools = useLoaded(`pools ${draft.synapse}`, () => azure.pools(draft.synapse));
  const toggle = (pool: azure.Pool, on: boolean) => {
    const chosen = { ...draft.pools };
    if (on) chosen[pool.id] = proposed(pool.name);
    else delete chosen[pool.id];
    onChange(chosen);
  };
  return (
    <>
      <p class="hint">
        Select which Synapse Spark pools to attach to your workspace, and the name that each has here. You can also
        attach pools later.
      </p>
      <Listing
        of={pools}
        empty={
          <Empty icon="compute" title="No Spark pools in this Synapse workspace">
            Go on without one, or make one with <code>headrace pool create</code>.
          </Empty>
        }
      >
        {(rows) => (
          <ul class="choices">
            {rows.map((pool) => {
              const name = draft.pools[pool.id],
                on = name !== undefined;
              return (
                <li key={pool.id} class={on ? 'on' : ''}>
                  <label class="check">
                    <input
                      type="checkbox"
                      checked={on}
                      onChange={(event) => toggle(pool, event.currentTarget.checked)}
                    />
                    <span>
                      <strong>{pool.name}</strong>
                      <em>Apache Spark {pool.properties.sparkVersion}</em>
                    </span>
                  </label>
                  {on && (
                    <Field
                      label="Compute name"
                      required
                      error={errors[pool.id]}
                      help="What notebooks call it: %synapse start -c NAME"
                    >
                      {(ids) => (
                        <input
                          {...ids}
                          autocomplete="off"
                          spellcheck={false}
                          maxLength={16}
                          value={name}
                          onInput={(event) => onChange({ ...draft.pools, [pool.id]: event.currentTarget.value })}
                        />
                      )}
                    </Field>
                  )}
                </li>
              );
            })}
          </ul>
        )}
      </Listing>
    </>
  );
}

function Review({ draft }: { draft: Draft }) {
  const { subscriptions, workspace } = useStudio();
  const chosen = Object.entries(draft.pools);
  return (
    <>
      <p class="hint">Check your selections. Nothing has been created yet.</p>
      <dl class="facts review">
        <div>
          <dt>Name</dt>
          <dd>{draft.name.trim()}</dd>
        </div>
        <div>
          <dt>Machine learning workspace</dt>
          <dd>{workspace.name}</dd>
        </div>
        <div>
          <dt>Subscription name</dt>
          <dd>{subscriptions.find((one) => one.subscriptionId === draft.subscription)?.displayName}</dd>
        </div>
        <div>
          <dt>Synapse workspace</dt>
          <dd>{azure.tail(draft.synapse)}</dd>
        </div>
        <div>
          <dt>Spark pools</dt>
          <dd>
            {chosen.length ? (
              chosen.map(([id, name]) => (
                <div key={id}>
                  {azure.tail(id)} <span class="faint">attached as</span> {name}
                </div>
              ))
            ) : (
              <span class="faint">None</span>
            )}
          </dd>
        </div>
      </dl>
    </>
  );
}

interface Progress {
  key: string;
  label: string;
  state: string;
  error?: ApiError;
}

/** Links, then attaches each pool, and shows how each of these goes. What has failed can be tried again alone. */
function Creation({
  draft,
  location,
  onBack,
  onRename,
  onDone,
}: {
  draft: Draft;
  location: string;
  onBack: () => void;
  onRename: () => void;
  onDone: () => void;
}) {
  const { ws } = useStudio();
  const name = draft.name.trim(),
    pools = Object.entries(draft.pools);
  const [link, setLink] = useState<azure.Link | null>(null);
  const [list, setList] = useState<Progress[]>([
    { key: 'link', label: `Link to ${azure.tail(draft.synapse)}`, state: 'Waiting' },
    ...pools.map(([id, as]) => ({ key: id, label: `Attach ${azure.tail(id)} as ${as}`, state: 'Waiting' })),
  ]);
  const started = useRef(false),
    heading = useRef<HTMLHeadingElement>(null);
  const set = (key: string, part: Partial<Progress>) =>
    setList((before) => before.map((one) => (one.key === key ? { ...one, ...part } : one)));

  const run = async (again: Progress[]) => {
    for (const one of again) {
      set(one.key, { state: 'Running', error: undefined });
      try {
        if (one.key === 'link') {
          setLink(await azure.addLink(ws, name, draft.synapse, location));
          onDone();
        } else await azure.attach(ws, draft.pools[one.key]!, one.key, location, () => {});
        set(one.key, { state: 'Succeeded' });
      } catch (error) {
        set(one.key, { state: 'Failed', error: error as ApiError });
        if (one.key === 'link') return;
      }
    }
  };
  useEffect(() => {
    heading.current?.focus();
    if (!started.current) {
      started.current = true;
      void run(list);
    }
  }, []);

  const failed = list.filter((one) => one.error),
    over = list.every((one) => one.state === 'Succeeded');
  const broken = list[0]!.error,
    title = over
      ? `${name} is linked`
      : broken
        ? 'The link was not made'
        : link && failed.length
          ? `${name} is linked, but not every pool is attached`
          : 'Creating the linked service';
  const retry = () => void run(broken ? list : list.filter((one) => one.state !== 'Succeeded'));
  return (
    <>
      <section class="card" aria-labelledby="creation">
        <header class="card-head">
          <h2 id="creation" tabIndex={-1} ref={heading}>
            {title}
          </h2>
        </header>
        <div class="card-body">
          <ul class="progress" aria-live="polite">
            {list.map((one) => (
              <li key={one.key}>
                <div class="progress-row">
                  <span>{one.label}</span>
                  <Status state={one.state} />
                </div>
                {one.error && (
                  <Problem error={one.error} title={one.error.status === 409 ? 'That name is taken' : undefined} />
                )}
              </li>
            ))}
          </ul>
        </div>
        <footer class="form-foot">
          {broken ? (
            <Button onClick={broken.status === 409 ? onRename : onBack}>
              {broken.status === 409 ? 'Choose another name' : 'Back'}
            </Button>
          ) : (
            <ButtonLink to="/linked-services">All linked services</ButtonLink>
          )}
          {failed.length > 0 && broken?.status !== 409 && (
            <Button kind="primary" icon="refresh" onClick={retry}>
              Try again
            </Button>
          )}
          {link && !failed.length && over && (
            <Button kind="primary" onClick={() => go(`/linked-services/${encodeURIComponent(name)}`)}>
              Open {name}
            </Button>
          )}
        </footer>
      </section>
      {link && over && (
        <>
          <Identity link={link} synapse={azure.tail(draft.synapse)} />
          {pools.length > 0 && (
            <Notice tone="good" title="What next">
              <p>
                Start a session in a notebook with <code>%synapse start -c {pools[0]![1]}</code>, or look at your{' '}
                <A to="/computes">computes</A>.
              </p>
            </Notice>
          )}
        </>
      )}
    </>
  );
}

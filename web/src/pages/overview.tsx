/** What is there, and what to do next. */
import * as azure from '../api/azure';
import type { ApiError } from '../api/client';
import * as store from '../api/data';
import { useLoaded } from '../hooks';
import { useStudio } from '../studio';
import { A, ButtonLink, Card, Command, Mono, Page, Problem } from '../ui/kit';
import { Icon, type IconName } from '../ui/icons';

/** What one of the page's questions was answered with. */
type Part<T> = { rows: T[]; error?: undefined } | { rows?: undefined; error: ApiError };

/** One refusal takes nothing else from the page. */
const part = <T,>(asked: Promise<T[]>): Promise<Part<T>> =>
  asked.then(
    (rows) => ({ rows }),
    (error) => ({ error }),
  );

async function look(ws: string) {
  const [links, computes, datasets] = await Promise.all([
    part(azure.links(ws)),
    part(azure.computes(ws)),
    part(store.datasets(ws)),
  ]);
  const grants = await Promise.all((links.rows ?? []).map((link) => hasSparkRole(link)));
  return { links, computes, datasets, granted: grants.some((one) => one !== false) };
}

export function Overview() {
  const { ws, workspace, subscription, me } = useStudio();
  const looked = useLoaded(`overview ${ws}`, () => look(ws));
  const data = looked.data;
  const attached = data?.computes.rows?.filter((one) => one.properties.provisioningState === 'Succeeded') ?? [];
  const linked = !!data?.links.rows?.length || attached.length > 0; // a compute hangs on a link
  const refusals = data
    ? [data.links, data.computes, data.datasets].flatMap((one) => (one.error ? [one.error] : []))
    : [];
  const steps: { done: boolean; unseen?: boolean; title: string; text: string; to: string; action: string }[] = [
    {
      done: linked,
      unseen: !!data?.links.error,
      title: 'Link a Synapse workspace',
      text: 'A linked service gives this workspace a managed identity in Synapse.',
      to: '/linked-services/new',
      action: 'Add integration',
    },
    {
      done: !!data?.links.rows?.length && data.granted,
      unseen: !!data?.links.error,
      title: 'Let its identity use Spark',
      text: 'Assign Synapse Apache Spark Administrator to the linked service’s managed identity.',
      to: data?.links.rows?.[0] ? `/linked-services/${data.links.rows[0].name}` : '/access',
      action: 'Assign role',
    },
    {
      done: attached.length > 0,
      unseen: !!data?.computes.error,
      title: 'Attach a Spark pool',
      text: 'An attached pool is a compute that notebooks name.',
      to: '/computes',
      action: 'Attach pool',
    },
  ];
  const next = steps.findIndex((step) => !step.done && !step.unseen);

  return (
    <Page
      title={`Welcome, ${me.displayName}`}
      lead={
        <>
          Prepare data with Spark, and train on exactly what was prepared, in <strong>{workspace.name}</strong>.
        </>
      }
    >
      <div class="tiles">
        <Tile to="/linked-services" icon="link" label="Linked services" part={data?.links} />
        <Tile to="/computes" icon="compute" label="Computes" part={data?.computes} />
        <Tile to="/datasets" icon="table" label="Datasets" part={data?.datasets} />
      </div>
      {looked.error && <Problem error={looked.error} />}
      <Card title="Get started" lead={data && steps.every((step) => step.done) ? 'Everything is set up.' : undefined}>
        <ol class="steps">
          {steps.map((step, i) => (
            <li key={step.title} class={step.done ? 'done' : i === next ? 'next' : ''}>
              <span class="step-mark" aria-hidden="true">
                {step.done ? <Icon name="check" /> : step.unseen ? '–' : i + 1}
              </span>
              <div>
                <h3>
                  {step.title}
                  {step.done && <span class="off-screen">, done</span>}
                </h3>
                <p>{step.unseen && !step.done ? 'Your roles do not let you see whether this is done.' : step.text}</p>
              </div>
              {data && i === next && (
                <ButtonLink to={step.to} kind="primary">
                  {step.action}
                </ButtonLink>
              )}
            </li>
          ))}
          <li class={data && next < 0 ? 'next' : ''}>
            <span class="step-mark" aria-hidden="true">
              4
            </span>
            <div class="grow">
              <h3>Start a session in a notebook</h3>
              <p>
                In Jupyter, on a machine where <code>headrace env</code> was applied:
              </p>
              <Command
                text={`%synapse start -c ${attached[0]?.name ?? 'COMPUTE'} -s ${subscription} -r ${azure.part(ws, 'resourceGroups')} -w ${workspace.name}`}
              />
            </div>
          </li>
        </ol>
      </Card>
      {refusals.map((error) => (
        <Problem key={error.message} error={error} />
      ))}
      <Card title="This workspace">
        <dl class="facts two">
          <div>
            <dt>Name</dt>
            <dd>{workspace.name}</dd>
          </div>
          <div>
            <dt>Resource group</dt>
            <dd>{azure.part(ws, 'resourceGroups')}</dd>
          </div>
          <div>
            <dt>Subscription</dt>
            <dd>
              <Mono text={subscription} what="subscription id" />
            </dd>
          </div>
          <div>
            <dt>Your principal</dt>
            <dd>
              <Mono text={me.id} what="principal id" />
            </dd>
          </div>
        </dl>
      </Card>
    </Page>
  );
}

/** Whether the link's identity holds a role that may use Spark; null: not to be seen by who is signed in. */
async function hasSparkRole(link: azure.Link): Promise<boolean | null> {
  try {
    const rows = await azure.synapseAssignments(azure.tail(link.properties.linkedServiceResourceId));
    return rows.some((row) => row.principal === link.identity?.principalId && azure.SPARK_ROLES.includes(row.role));
  } catch {
    return null;
  }
}

function Tile({
  to,
  icon,
  label,
  part,
}: {
  to: string;
  icon: IconName;
  label: string;
  part: Part<unknown> | undefined;
}) {
  return (
    <A to={to} class="tile">
      <Icon name={icon} />
      <strong>{part?.rows?.length ?? '–'}</strong>
      <span>{part?.error ? `${label}: not yours to see` : label}</span>
    </A>
  );
}

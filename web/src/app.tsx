/** Signing in, the frame around the pages, and which page an address means. */
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useErrorBoundary, useRef, useState } from 'preact/hooks';
import * as azure from './api/azure';
import { getToken, setToken, whenRefused, type ApiError } from './api/client';
import { applyTheme, go, savedTheme, useLoaded, usePath, type Theme } from './hooks';
import { StudioContext, type Studio } from './studio';
import { A, Button, Dialog, Problem, Skeleton, Empty, ButtonLink, Page } from './ui/kit';
import { Icon, Mark, type IconName } from './ui/icons';
import { SignIn } from './pages/signin';
import { Overview } from './pages/overview';
import { Links, LinkDetail } from './pages/links';
import { LinkWizard } from './pages/link-wizard';
import { Computes } from './pages/computes';
import { Access } from './pages/access';
import { Sessions, SessionDetail } from './pages/sessions';
import { Datastores } from './pages/datastores';
import { Runs, RunDetail } from './pages/runs';
import { Datasets, DatasetDetail } from './pages/datasets';

const NAV: { head?: string; items: [string, string, IconName][] }[] = [
  { items: [['/', 'Overview', 'home']] },
  {
    head: 'Assets',
    items: [
      ['/datasets', 'Datasets', 'table'],
      ['/datastores', 'Datastores', 'store'],
    ],
  },
  {
    head: 'Activity',
    items: [
      ['/sessions', 'Sessions', 'session'],
      ['/runs', 'Runs', 'run'],
    ],
  },
  {
    head: 'Manage',
    items: [
      ['/linked-services', 'Linked Services', 'link'],
      ['/computes', 'Computes', 'compute'],
      ['/access', 'Access control', 'shield'],
    ],
  },
];

const WORKSPACE_KEY = 'headrace.workspace';

function Route({ path }: { path: string }) {
  const [, first = '', second, third] = path.split('/').map(decodeURIComponent);
  switch (first) {
    case '':
      return <Overview />;
    case 'linked-services':
      return second === 'new' ? <LinkWizard /> : second ? <LinkDetail key={second} name={second} /> : <Links />;
    case 'computes':
      return <Computes />;
    case 'access':
      return <Access />;
    case 'datastores':
      return <Datastores />;
    case 'datasets':
      return second ? <DatasetDetail key={path} name={second} version={third} /> : <Datasets />;
    case 'runs':
      return second ? <RunDetail key={second} id={second} /> : <Runs />;
    case 'sessions':
      return second && third ? <SessionDetail key={path} pool={second} id={third} /> : <Sessions />;
  }
  return (
    <Page title="No such page">
      <Empty
        icon="info"
        title="There is nothing at this address"
        action={
          <ButtonLink to="/" kind="primary">
            Go to the overview
          </ButtonLink>
        }
      >
        The link may be old, or mistyped.
      </Empty>
    </Page>
  );
}

/** A page that cannot be drawn says so, and the way on stays. */
function Guarded({ children }: { children: ComponentChildren }) {
  const [error, reset] = useErrorBoundary((problem) => console.error(problem));
  if (!error) return <>{children}</>;
  return (
    <Page title="This page cannot be shown">
      <Problem error={error as Error} title="The studio met something it did not expect">
        <p>
          <Button small icon="refresh" onClick={reset}>
            Try again
          </Button>
        </p>
      </Problem>
    </Page>
  );
}

export function App() {
  const [who, setWho] = useState<azure.Principal | null>(null);
  const [refused, setRefused] = useState<string | null>(null);
  const [checking, setChecking] = useState(!!getToken());
  const [trouble, setTrouble] = useState<ApiError | null>(null);

  useEffect(() => {
    whenRefused((why) => setRefused(why));
    if (getToken())
      azure
        .me()
        .then(setWho, (error: ApiError) => {
          if (error.status !== 401) setTrouble(error);
        })
        .finally(() => setChecking(false));
  }, []);

  const signedIn = useCallback((principal: azure.Principal) => {
    setWho(principal);
    setRefused(null);
    setTrouble(null);
  }, []);
  const signOut = useCallback(() => {
    setToken(null);
    setWho(null);
    setRefused(null);
    sessionStorage.clear();
    go('/');
  }, []);

  if (checking)
    return (
      <div class="boot">
        <Mark />
      </div>
    );
  if (trouble)
    return (
      <div class="boot">
        <Problem error={trouble}>
          <p>
            <Button small icon="refresh" onClick={() => location.reload()}>
              Try again
            </Button>
          </p>
        </Problem>
      </div>
    );
  return (
    <>
      {who && (
        <div class="stage" inert={refused !== null}>
          <Frame me={who} onSignOut={signOut} />
        </div>
      )}
      {(!who || refused !== null) && <SignIn why={refused} keeps={!!who} onDone={signedIn} />}
    </>
  );
}

function Frame({ me, onSignOut }: { me: azure.Principal; onSignOut: () => void }) {
  const path = usePath();
  const [chosen, setChosen] = useState(sessionStorage.getItem(WORKSPACE_KEY));
  const [menu, setMenu] = useState(false);
  const main = useRef<HTMLElement>(null);
  const base = useLoaded('base', async () => {
    const subscriptions = await azure.subscriptions();
    const lists = await Promise.all(
      subscriptions.map((one) =>
        Promise.all([azure.workspaces(one.subscriptionId), azure.synapses(one.subscriptionId)]),
      ),
    );
    return { subscriptions, workspaces: lists.flatMap((list) => list[0]), synapses: lists.flatMap((list) => list[1]) };
  });
  const before = useRef(me.id);
  useEffect(() => {
    if (before.current !== me.id) {
      before.current = me.id;
      base.reload();
    }
  }, [me.id]); // somebody else signed in: the page stays meanwhile
  const workspace = base.data?.workspaces.find((one) => one.id === chosen) ?? base.data?.workspaces[0];
  const studio: Studio | null =
    base.data && workspace
      ? {
          me,
          ...base.data,
          workspace,
          ws: workspace.id,
          subscription: azure.part(workspace.id, 'subscriptions'),
          location: workspace.location ?? 'local',
        }
      : null;
  const choose = (id: string) => {
    sessionStorage.setItem(WORKSPACE_KEY, id);
    setChosen(id);
    go('/');
  };
  const nav = (
    <Nav
      path={path}
      me={me}
      workspaces={base.data?.workspaces ?? []}
      workspace={workspace}
      onChoose={choose}
      onSignOut={onSignOut}
      onFollow={() => setMenu(false)}
    />
  );

  return (
    <div class="frame">
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to content
      </a>
      <header class="topbar">
        <button type="button" class="icon-button" aria-label="Menu" onClick={() => setMenu(true)}>
          <Icon name="menu" />
        </button>
        <A to="/" class="brand" aria-label="Headrace studio, overview">
          <Mark />
          <span>Headrace</span>
        </A>
      </header>
      <aside class="sidebar">
        <A to="/" class="brand" aria-label="Headrace studio, overview">
          <Mark />
          <span>Headrace</span>
        </A>
        {nav}
      </aside>
      {menu && (
        <Dialog title="Menu" onClose={() => setMenu(false)}>
          <div class="drawer">{nav}</div>
        </Dialog>
      )}
      <main id="main" tabIndex={-1} ref={main}>
        {base.error && !base.data ? (
          <Problem error={base.error}>
            <p>
              <Button small icon="refresh" onClick={base.reload}>
                Try again
              </Button>
            </p>
          </Problem>
        ) : !base.data ? (
          <div class="page">
            <Skeleton rows={5} />
          </div>
        ) : studio ? (
          <StudioContext.Provider value={studio}>
            <div class="view" key={workspace!.id}>
              <Guarded key={path}>
                <Route path={path} />
              </Guarded>
            </div>
          </StudioContext.Provider>
        ) : (
          <NoWorkspace me={me} />
        )}
      </main>
    </div>
  );
}

function NoWorkspace({ me }: { me: azure.Principal }) {
  return (
    <Page title="No workspace yet">
      <Empty icon="folder" title="You cannot see a workspace">
        Either there is none, or you have no role on it. Ask an Owner for the role Reader or Contributor for “
        {me.displayName}”, or make one with <code>headrace workspace create</code>.
      </Empty>
    </Page>
  );
}

function Nav({
  path,
  me,
  workspaces,
  workspace,
  onChoose,
  onSignOut,
  onFollow,
}: {
  path: string;
  me: azure.Principal;
  workspaces: azure.Resource[];
  workspace?: azure.Resource;
  onChoose: (id: string) => void;
  onSignOut: () => void;
  onFollow: () => void;
}) {
  return (
    <>
      <div class="workspace">
        {workspaces.length > 1 ? (
          <label>
            <span>Workspace</span>
            <select value={workspace?.id} onChange={(event) => onChoose(event.currentTarget.value)}>
              {workspaces.map((one) => (
                <option value={one.id} key={one.id}>
                  {one.name}
                </option>
              ))}
            </select>
          </label>
        ) : (
          <>
            <span>Workspace</span>
            <strong>{workspace?.name ?? ' '}</strong>
          </>
        )}
      </div>
      <nav aria-label="Studio" class="nav">
        {NAV.map((group) => (
          <div key={group.head ?? ''} role={group.head ? 'group' : undefined} aria-label={group.head}>
            {group.head && <p class="nav-head">{group.head}</p>}
            <ul>
              {group.items.map(([to, label, icon]) => (
                <li key={to}>
                  <A
                    to={to}
                    current={to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`)}
                    onClick={onFollow}
                  >
                    <Icon name={icon} />
                    <span>{label}</span>
                  </A>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <div class="account">
        <ThemeSwitch />
        <div class="me">
          <span class="avatar" aria-hidden="true">
            {me.displayName.slice(0, 1).toUpperCase()}
          </span>
          <span class="me-name" title={me.id}>
            {me.displayName}
          </span>
          <button type="button" class="icon-button" aria-label="Sign out" title="Sign out" onClick={onSignOut}>
            <Icon name="out" />
          </button>
        </div>
      </div>
    </>
  );
}

const THEMES: [Theme, string, IconName][] = [
  ['light', 'Light', 'sun'],
  ['system', 'As the system', 'auto'],
  ['dark', 'Dark', 'moon'],
];

function ThemeSwitch() {
  const [theme, setTheme] = useState(savedTheme());
  return (
    <div class="themes" role="group" aria-label="Colours">
      {THEMES.map(([value, label, icon]) => (
        <button
          type="button"
          key={value}
          aria-pressed={theme === value}
          aria-label={label}
          title={label}
          onClick={() => {
            applyTheme(value);
            setTheme(value);
          }}
        >
          <Icon name={icon} />
        </button>
      ))}
    </div>
  );
}

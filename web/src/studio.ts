/** What every page knows: who is signed in, and in which workspace. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Principal, Resource, Subscription } from './api/azure';

export interface Studio {
  me: Principal;
  subscriptions: Subscription[];
  workspaces: Resource[];
  synapses: Resource[];
  workspace: Resource;
  subscription: string;
  /** The workspace's resource id: where linked services, computes and data are. */
  ws: string;
  location: string;
}

export const StudioContext = createContext<Studio | null>(null);

export function useStudio(): Studio {
  const studio = useContext(StudioContext);
  if (!studio) throw new Error('a page outside of the studio');
  return studio;
}

/**
 * What one peer can see of the store. Every handler is given this instead of the store itself, so that a run that he
 * may not look at is not there for him, whatever he asks.
 */
import type { Run } from '../engine/model.ts';
import type { RunOverview, Store } from '../store/store.ts';
import type { Peer } from './engine-door.ts';
import { mayList, mayRead, type Visibility } from './roles.ts';

export type Sight = Pick<Store, 'findRun' | 'listRuns' | 'listCalls' | 'listAttempts' | 'listEvents'>;

export function sightOf(store: Store, peer: Peer, visibility: Visibility): Sight {
  if (peer.role !== 'user' || visibility === 'all') return store;
  const may = async (id: number): Promise<boolean> => {
    const found = await store.findRun(id);
    return found !== undefined && mayRead(peer, found.run, visibility);
  };
  const only = { ownerUid: peer.uid };
  return {
    async findRun(id) {
      const found = await store.findRun(id);
      return found !== undefined && mayRead(peer, found.run, visibility) ? found : undefined;
    },
    listCalls: async (id) => ((await may(id)) ? store.listCalls(id) : []),
    listAttempts: async (id, call) => ((await may(id)) ? store.listAttempts(id, call) : []),
    async listRuns(filter) {
      if (visibility === 'own') return store.listRuns({ ...filter, ...only });
      // A label or a name would answer what it does not show.
      const asksMore = filter.labels !== undefined || filter.name !== undefined;
      const runs = await store.listRuns(asksMore ? { ...filter, ...only } : filter);
      return runs
        .filter(({ run }) => mayList(peer, run, visibility))
        .map((each) => (mayRead(peer, each.run, visibility) ? each : nameOnly(each)));
    },
    listEvents: (filter) => store.listEvents({ ...filter, ...only }),
  };
}

/** Whose it is, what it is called, and how far it has got: as the schedulers show jobs of others. */
function nameOnly({ run, counts }: RunOverview): RunOverview {
  const { held, abort, finalization, outputs, token, ...rest } = run;
  const shown: Run = { ...rest, labels: {}, submitDir: '', directory: '', problems: [] };
  return { run: shown, counts, orphans: [] };
}

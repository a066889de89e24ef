/** Who may speak to one person's daemon: that person, and root. Every run is that person's. */
import type { Owner } from '../../backends/backend.ts';
import type { Answer, Peer } from './engine-door.ts';
import type { PeerCredentials } from './peer-credentials.ts';
import { done, refuse } from './refusals.ts';

export function identifyInUserMode(owner: Owner): (credentials: PeerCredentials) => Promise<Answer<Peer>> {
  return async ({ uid, pid }) => {
    if (uid === owner.uid) return done({ uid, pid, name: owner.name, owner, role: 'admin' });
    if (uid === 0) return done({ uid, pid, name: 'root', owner, role: 'admin' });
    return refuse(
      'NOT_ALLOWED',
      `this daemon belongs to ${owner.name} (uid ${owner.uid}) and does not serve uid ${uid}; start your own: wfctl daemon start`,
    );
  };
}

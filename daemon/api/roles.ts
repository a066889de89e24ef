/**
 * Who may see and change which runs. In one person's daemon that person may everything.
 */
import type { Peer } from './engine-door.ts';

/** What a site says of the runs of others: nothing of them, that they are there, or everything about them. */
export const VISIBILITIES = ['own', 'names', 'all'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

interface Owned {
  readonly owner: { readonly uid: number };
}

export function mayChange(peer: Peer, run: Owned): boolean {
  return peer.role !== 'user' || peer.uid === run.owner.uid;
}

/** Calls, events, why, where the logs lie. */
export function mayRead(peer: Peer, run: Owned, visibility: Visibility): boolean {
  return mayChange(peer, run) || visibility === 'all';
}

/** That there is such a run, whose it is, and how far it has got. */
export function mayList(peer: Peer, run: Owned, visibility: Visibility): boolean {
  return mayRead(peer, run, visibility) || visibility === 'names';
}

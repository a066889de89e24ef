/**
 * The routes about the care of the state. A backup holds everybody's runs and is written with the daemon's rights,
 * so only the daemon's own user and root may ask: an administrator of its runs is not one of its files.
 */
import type { BackupAnswer, DaemonAnswer, RetentionAnswer, StateCheckAnswer } from '../protocol/answers.ts';
import type { AnswerOf, RequestOf } from '../protocol/operations.ts';
import type { CheckReport } from '../store/check.ts';
import type { CareDoor, CareStatus, MadeCopy, RetentionPlan } from './care-door.ts';
import type { Answer, Peer } from './engine-door.ts';
import type { DaemonIdentity } from './present.ts';
import { done, refuse } from './refusals.ts';

type CareRoute = 'backUpState' | 'checkState' | 'getRetention';
export type CareHandlers = {
  readonly [N in CareRoute]: (request: RequestOf<N>, peer: Peer) => Promise<Answer<AnswerOf<N>>>;
};

export interface CareHandlerParts {
  readonly care: CareDoor;
  readonly identity: DaemonIdentity;
}

export function createCareHandlers({ care, identity }: CareHandlerParts): CareHandlers {
  return {
    backUpState: ({ body }, peer) =>
      asKeeper(peer, identity, async () => presented(await care.backUp(body.to), presentBackup)),
    checkState: (_, peer) =>
      asKeeper(peer, identity, async () => presented(await care.check(), presentCheck)),
    getRetention: ({ query }, peer) =>
      asKeeper(peer, identity, async () => presented(await care.retention(query.olderThan), presentPlan)),
  };
}

/** What `wfctl daemon status` says of it; a problem may name runs of others and where they lie. */
export function careFor(peer: Peer, { care, identity }: CareHandlerParts): DaemonAnswer['care'] {
  return isKeeper(peer, identity) ? presentStatus(care.status()) : null;
}

function isKeeper(peer: Peer, identity: DaemonIdentity): boolean {
  return peer.uid === 0 || peer.uid === identity.uid;
}

async function asKeeper<T>(
  peer: Peer,
  identity: DaemonIdentity,
  act: () => Promise<Answer<T>>,
): Promise<Answer<T>> {
  if (isKeeper(peer, identity)) return act();
  return refuse(
    'NOT_ALLOWED',
    `${peer.name} may not do this: the state holds everybody's runs; only root and the daemon's own user may`,
  );
}

function presented<T, A>(answer: Answer<T>, present: (value: T) => A): Answer<A> {
  return answer.ok ? done(present(answer.value)) : answer;
}

function presentBackup({ file, atMs, report }: MadeCopy): BackupAnswer {
  return { file, at: iso(atMs), ...presentFacts(report) };
}

function presentCheck(report: CheckReport): StateCheckAnswer {
  return { findings: [...report.findings], ...presentFacts(report) };
}

function presentFacts({ bytes, version, rows }: CheckReport) {
  return { bytes, schemaVersion: version, rows: { ...rows } };
}

function presentPlan({ configured, endedBeforeMs, count, runs }: RetentionPlan): RetentionAnswer {
  return {
    configured: { olderThan: configured.runsMs ?? null, directories: configured.directories },
    endedBefore: endedBeforeMs === undefined ? null : iso(endedBeforeMs),
    count,
    runs: runs.map(({ id, name, owner, status, endedAtMs, directory }) => ({
      ...{ id, name, owner: owner.name, status, directory },
      endedAt: endedAtMs === undefined ? null : iso(endedAtMs),
    })),
  };
}

function presentStatus({ newestBackup, problems }: CareStatus): NonNullable<DaemonAnswer['care']> {
  return {
    newestBackup: newestBackup === undefined ? null : { file: newestBackup.file, at: iso(newestBackup.atMs) },
    problems: [...problems],
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

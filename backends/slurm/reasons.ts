/**
 * Why SLURM does not start a job, for people. Only reasons that will not go away by themselves are named here:
 * a job that waits for its turn, for nodes, or for a limit that frees itself as other jobs end is not blocked.
 * (squeue(1), JOB REASON CODES; slurm.schedmd.com/resource_limits.html)
 */
import type { Blocked } from '../backend.ts';

export function blockedBy(state: string, reason: string): Blocked | undefined {
  const forever = FOREVER.get(reason);
  if (forever !== undefined) return { reason, plain: forever, forever: true };
  const plain = UNTIL_SOMEBODY_ACTS.get(reason) ?? FAMILIES.find(([family]) => family.test(reason))?.[1];
  if (plain !== undefined) return { reason, plain, forever: false };
  if (!HELD_STATES.has(state)) return undefined;
  return { reason: state, plain: 'the scheduler holds the job until it is released', forever: false };
}

const FOREVER: ReadonlyMap<string, string> = new Map([
  ['DependencyNeverSatisfied', 'the job waits for another job that failed, so it can never start'],
  ['BadConstraints', 'no node of the cluster can ever meet what the job asks for'],
]);

const UNTIL_SOMEBODY_ACTS: ReadonlyMap<string, string> = new Map([
  ['JobHeldUser', 'the job is held by its owner; `scontrol release` with its id lets it go on'],
  ['JobHeldAdmin', 'the job is held by an administrator, and only an administrator can release it'],
  ['JobHoldMaxRequeue', 'the job was requeued too often and is held until it is released'],
  ['ReservationDeleted', 'its reservation was deleted, and the job is held until it is released'],
  [
    'PartitionTimeLimit',
    'the job asks for more time than its partition allows; ask for less, or use another queue',
  ],
  [
    'PartitionNodeLimit',
    'the job asks for more (or fewer) nodes than its partition allows, or they are down',
  ],
  ['PartitionConfig', 'the job asks for more than its partition has; ask for less, or use another queue'],
  ['PartitionDown', 'the partition is down; its administrators must open it'],
  ['PartitionInactive', 'the partition starts no jobs at the moment; its administrators must open it'],
  ['AccountNotAllowed', 'the account may not use this partition; use another account or queue'],
  ['QOSNotAllowed', 'the QOS may not be used in this partition; use another QOS or queue'],
  ['InvalidAccount', 'the account no longer exists or may no longer be used'],
  ['InvalidQOS', 'the QOS no longer exists or may no longer be used'],
  ['QOSTimeLimit', 'the job asks for more time than its QOS allows'],
  ['AssociationTimeLimit', 'the job asks for more time than its account allows'],
  ['MaxMemPerLimit', 'the job asks for more memory per node or CPU than the site allows; ask for less'],
  ['QOSUsageThreshold', 'the computing time granted to the QOS is used up; ask for more, or use another QOS'],
]);

const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [
    // Free text of slurmctld: "job requeued in held state", "launch failed requeued held".
    /requeued (in )?held/,
    'the scheduler put the job back into the queue and holds it there until it is released',
  ],
  [
    /^(QOS|Assoc)Max\w*Per(Job|Node)(Limit)?$/,
    'the job asks for more than one job may have under its account or QOS; ask for less, or use another',
  ],
  [/^QOSMin/, 'the job asks for less than its QOS demands; ask for more, or use another QOS'],
  [
    // Consumed minutes come back only with the next accounting period; …RunMinutes are those of running jobs.
    /^(QOS|Assoc)Grp(\w*(?<!Run)Minutes(Limit)?|WallLimit)$/,
    'the computing time granted to the account or QOS is used up; ask for more, or use another account',
  ],
];

/** States that say by themselves that somebody must release the job, whatever the reason column shows. */
const HELD_STATES: ReadonlySet<string> = new Set(['REQUEUE_HOLD', 'RESV_DEL_HOLD', 'SPECIAL_EXIT']);

/** SLURM's commands, as far as its adapter uses them, in the words of 22.05. */
import type { Answer, Call } from '../command-server.ts';
import { type Face, failed, inAnyOrder, longOptions, said } from '../face.ts';
import type { FakeScheduler, Place } from '../fake-scheduler.ts';
import type { ToldJob } from '../told-job.ts';
import { idOf, printSacct, printSqueue } from './print.ts';
import { sbatch } from './sbatch.ts';

type Program = (call: Call, scheduler: FakeScheduler, spool: string) => Answer;

const PROGRAMS: Readonly<Record<string, Program>> = { sbatch, squeue, sacct, scancel, scontrol };

export const slurmFace: Face = {
  programs: Object.keys(PROGRAMS),
  answer: (call, scheduler, spool) =>
    PROGRAMS[call.program]?.(call, scheduler, spool) ?? failed(127, `${call.program}: command not found`),
  down: (call, scheduler) =>
    call.program === 'sacct' ? sacct(call, scheduler) : withoutAnswer(call, NOBODY),
  lost: (call) => withoutAnswer(call, 'Socket timed out on send/recv operation'),
};

const NOBODY = 'Unable to contact slurm controller (connect failure)';

function withoutAnswer({ program, args }: Call, why: string): Answer {
  switch (program) {
    case 'sbatch':
      return args.includes('--version')
        ? said('slurm-wlm 22.05.8\n')
        : failed(1, `sbatch: error: Batch job submission failed: ${why}`);
    case 'scancel':
      return failed(
        8,
        ...longOptions(args).words.map((id) => `scancel: error: Kill job error on job id ${id}: ${why}`),
      );
    case 'scontrol':
      return { stdout: 'Slurmctld(primary) at node0 is DOWN\n', stderr: '', exitCode: 1 };
    default:
      return failed(1, `slurm_load_jobs error: ${why}`);
  }
}

function squeue({ args }: Call, scheduler: FakeScheduler): Answer {
  const { options } = longOptions(args);
  const jobs = scheduler
    .jobs()
    .filter((job) => isOf(job, options.get('user')) && leavesTrace(job))
    .filter(({ end }) => end === undefined || options.get('states') === 'all');
  return said(printSqueue(inAnyOrder(jobs), options.get('Format') ?? ''));
}

/** By ids without a limit in time; by name only what could ever have run: a held job is not found (sacct(1), -S). */
function sacct({ args }: Call, scheduler: FakeScheduler): Answer {
  const { options } = longOptions(args);
  const ids = options.get('jobs')?.split(',');
  const names = options.get('name')?.split(',');
  const wanted = (job: ToldJob): boolean => {
    if (ids?.includes(idOf(job)) || ids?.includes(String(job.id))) return true;
    const waitedOnly = job.waitsFor !== undefined && job.startedMs === undefined;
    return names?.includes(job.name) === true && !waitedOnly;
  };
  const bad = ids?.find((id) => !/^\d+(_\d+)?$/.test(id));
  if (bad !== undefined) return failed(1, `sacct: fatal: Bad job/step specified: ${bad}`);
  const jobs = scheduler
    .jobs()
    .filter((job) => isOf(job, options.get('user')) && leavesTrace(job) && wanted(job));
  return said(printSacct(jobs, options.get('format') ?? ''));
}

/** Of ids that are gone, or never were, it says nothing. */
function scancel({ args, uid }: Call, scheduler: FakeScheduler): Answer {
  const { options, words } = longOptions(args);
  if (words.length === 0) return failed(1, 'scancel: error: No job identification provided');
  const signal = options.get('signal');
  // Without --full only steps made by srun would get it.
  if (signal !== undefined && !options.has('full')) return said('');
  for (const word of words) {
    const [id, element] = word.split('_').map(Number);
    const place: Place = { id: id ?? 0, ...(element !== undefined && { element }) };
    const job = scheduler.jobs().find((each) => each.id === place.id);
    if (job !== undefined && job.user.uid !== uid && uid !== 0)
      return failed(210, `scancel: error: Kill job error on job id ${word}: Access/permission denied`);
    scheduler.ask(place, signal === undefined ? { kind: 'kill' } : { kind: 'signal', signal });
  }
  return said('');
}

function scontrol(_call: Call): Answer {
  return said('Slurmctld(primary) at node0 is UP\n');
}

function isOf({ user }: ToldJob, asked: string | undefined): boolean {
  return asked === undefined || asked === String(user.uid) || asked === user.name;
}

/** An element of an array that was cancelled before it started is forgotten by both sources. */
function leavesTrace({ element, end, startedMs }: ToldJob): boolean {
  return !(element !== undefined && end?.kind === 'cancelled' && startedMs === undefined);
}

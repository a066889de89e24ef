/**
 * Every key of the configuration file: what it is for, what it may be, what it is when absent. The
 * descriptions are the text of docs/configuration.md. Values leave here in milliseconds and MiB; the shape
 * that the daemon uses is made in config.ts.
 */
import { z } from 'zod';
import { VISIBILITIES } from '../api/roles.ts';
import { DEFAULT_SETTINGS } from '../engine/settings.ts';
import { DEFAULT_PHASE_TIMEOUTS_MS, type PhaseName } from '../lifecycle/phases.ts';
import { backendFile } from './backend-schema.ts';
import { backupKeys, retentionKeys } from './care-schema.ts';
import { count, duration, durationText, memory, path } from './quantities.ts';

export const configSchema = z.strictObject({
  state: z
    .strictObject({
      dir: path(
        'Directory of the database. `--state` and WFD_STATE_DIR go first; absent: $XDG_STATE_HOME/wfd, else ~/.local/state/wfd.',
      ).exactOptional(),
      journal: z
        .enum(['auto', 'local', 'network'])
        .prefault('auto')
        .describe(
          'How the database keeps its journal. `auto` looks at the file system; `network` needs no shared memory.',
        ),
      lease: duration(
        'A daemon that has not renewed its claim on the state for so long counts as dead (state on a network file system).',
      ).prefault('60s'),
    })
    .prefault({}),
  socket: path(
    'Where the daemon listens. `--socket` and WFD_SOCKET go first; absent: $XDG_RUNTIME_DIR/wfd/wfd.sock, else wfd.sock in the state directory.',
  ).exactOptional(),
  failureMode: z
    .enum(['NoNewCalls', 'ContinueWhilePossible'])
    .prefault(DEFAULT_SETTINGS.failureMode)
    .describe('What a failed call does to the rest of its run, where neither submit nor workflow says.'),
  backend: z
    .string()
    .exactOptional()
    .describe(
      'Backend of a run that names none. Absent: the first of slurm, sge, lsf that is there, else local.',
    ),
  backends: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, 'must begin with a letter and have only letters, digits, - and _'),
      backendFile,
    )
    .prefault({})
    .describe(
      'Schedulers by the name that workflows use. Need not be listed: `slurm`, `sge` and `lsf` where `sbatch`, `qconf` or `bsub` is on PATH, and `local`.',
    ),
  access: z
    .strictObject({
      admins: who(
        'Who may drain, pause and reload the daemon and act on the runs of all, beside root: users, and groups as `@name`. Only with `--system`, as the rest of this section.',
      ),
      operators: who('Who may see and act on the runs of all: users, and groups as `@name`.'),
      visibility: z
        .enum(VISIBILITIES)
        .prefault('own')
        .describe(
          'What a user sees of the runs of others: nothing; `names`: whose they are, what they are called and how far they have got; or `all`.',
        ),
      submission: memory(
        'Largest submission: a workflow with the contents of its files; 64M at most. Needs a restart.',
      )
        .refine((mib) => mib >= 1 && mib <= 64, 'must be between 1M and 64M')
        .prefault('64M'),
      requestsPerSecond: count('Requests of one user per second, over a longer time.').prefault(50),
      requestBurst: count('Requests of one user at once.').prefault(500),
    })
    .prefault({}),
  limits: z
    .strictObject({
      runsPerOwner: count('Runs of one user that may be in progress at once.').prefault(
        DEFAULT_SETTINGS.maxRunsPerOwner,
      ),
      perOwner: count('Jobs of one user with all schedulers together.').prefault(
        DEFAULT_SETTINGS.maxActivePerOwner,
      ),
    })
    .prefault({}),
  retries: z
    .strictObject({
      infrastructure: z
        .int()
        .min(0)
        .max(100)
        .prefault(DEFAULT_SETTINGS.infraRetries)
        .describe(
          "Retries of a call after failures of the infrastructure; they do not touch the user's own budget.",
        ),
      delay: duration('Wait before the first retry; it doubles from try to try.').prefault(
        durationText(DEFAULT_SETTINGS.retryDelayMs),
      ),
      maxDelay: duration('Longest wait before a retry.').prefault(
        durationText(DEFAULT_SETTINGS.retryDelayMaxMs),
      ),
    })
    .prefault({}),
  abort: z
    .strictObject({
      forceGrace: duration(
        'A forced abort waits so long for its jobs before it lists them as orphans.',
      ).prefault(durationText(DEFAULT_SETTINGS.forceGraceMs)),
      repeat: duration(
        'A job that is still there is asked again to end after so long; doubles from time to time.',
      ).prefault(durationText(DEFAULT_SETTINGS.abortRetryMs)),
      maxRepeat: duration('Longest wait between two requests to end a job.').prefault(
        durationText(DEFAULT_SETTINGS.abortRetryMaxMs),
      ),
    })
    .prefault({}),
  jobs: z
    .strictObject({
      unsatisfiableAfter: duration(
        'A job that nobody can unblock (BadConstraints, …) is ended after so long.',
      ).prefault(durationText(DEFAULT_SETTINGS.blockedForeverMs)),
      refineCause: duration(
        'A failed job waits so long for the scheduler to name a finer cause (a time limit, memory).',
      ).prefault(durationText(DEFAULT_SETTINGS.refineMs)),
      lateMark: duration(
        'After the scheduler says "ended", the exit mark of a job may take so long to become visible.',
      ).prefault(durationText(DEFAULT_SETTINGS.lateMarkMs)),
      throttleDelay: duration(
        'A submit that met a limit of the scheduler is tried again after so long.',
      ).prefault(durationText(DEFAULT_SETTINGS.throttleMs)),
    })
    .prefault({}),
  restart: z
    .strictObject({
      resume: z
        .boolean()
        .prefault(DEFAULT_SETTINGS.resume)
        .describe(
          'Runs in progress go on when the daemon starts. `false`: they are held until `wfctl release`.',
        ),
    })
    .prefault({}),
  runs: z
    .strictObject({
      dir: path(
        'Where the directories of runs are made; the compute nodes must see it. Absent: wf-runs in the directory of the submit.',
      ).exactOptional(),
    })
    .prefault({}),
  backup: backupKeys,
  retention: retentionKeys,
  run: z
    .strictObject({
      onSignal: z
        .enum(['abort', 'detach'])
        .prefault('abort')
        .describe('What Ctrl-C does to `wfctl run`: abort the run, or leave its jobs to the scheduler.'),
    })
    .prefault({}),
  client: z
    .strictObject({
      remote: z
        .enum(['off', 'ssh'])
        .prefault('off')
        .describe(
          'What `wfctl` does where your daemon runs on another login node: `off`: it says where; `ssh`: it runs itself there, with the same arguments in the same directory.',
        ),
      sshCommand: z
        .array(z.string().min(1))
        .min(1)
        .prefault(['ssh'])
        .describe(
          'How it gets there: a program and its options, such as `[ssh, -o, BatchMode=yes]`; host and command line follow. Absent: `[ssh]`.',
        ),
    })
    .prefault({}),
  shutdown: z
    .strictObject({
      graceful: z.boolean().prefault(true).describe('`false`: a stop ends at once, which is safe, too.'),
      abortRuns: z
        .boolean()
        .prefault(false)
        .describe('`true`: a stop aborts every run first. Jobs survive a stop otherwise.'),
      timeouts: z
        .strictObject({
          'stop-dispatch': phase('stop-dispatch', 'Nothing new is started.'),
          unbind: phase('unbind', 'No new connections.'),
          'requests-done': phase('requests-done', 'Requests in flight are answered, streams closed.'),
          'abort-all-runs': phase(
            'abort-all-runs',
            'Only with `abortRuns`: runs are aborted and waited for.',
          ),
          'commands-done': phase(
            'commands-done',
            'Submit and abort commands in flight come back and are stored.',
          ),
          'stop-io': phase('stop-io', 'File copies stop at a safe point.'),
          'close-store': phase('close-store', 'The database is closed.'),
        })
        .prefault({}),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z
        .enum(['trace', 'debug', 'info', 'warn', 'error'])
        .prefault('info')
        .describe('The least that is logged, on stderr.'),
    })
    .prefault({}),
});

export type ConfigFile = z.output<typeof configSchema>;

function who(description: string) {
  return z
    .array(z.string().regex(/^@?[^@\s,]+$/, 'must be the name of a user, or of a group with @ before it'))
    .prefault([])
    .describe(description);
}

function phase(name: PhaseName, description: string) {
  return duration(description).prefault(durationText(DEFAULT_PHASE_TIMEOUTS_MS[name]));
}

/**
 * Every key of the configuration file: what it is for, what it may be, what it is when absent. The
 * descriptions are the text of docs/configuration.md. Values leave here in milliseconds and MiB; the shape
 * that the daemon uses is made in config.ts.
 */
import { z } from 'zod';
import { DEFAULT_SETTINGS } from '../engine/settings.ts';
import { DEFAULT_PHASE_TIMEOUTS_MS, type PhaseName } from '../lifecycle/phases.ts';
import { type Parsed, parseDurationMs, parseMemoryMiB } from '../workflow/native/units.ts';

const backendSettings = {
  poll: duration(
    'Calm time between two listings while jobs are active. Absent: 5s for SLURM, 1s for local.',
  ).exactOptional(),
  settle: duration(
    'A job counts as gone only after listings over at least this long lacked it. Absent: 30s for SLURM, 2s for local.',
  ).exactOptional(),
  commandTimeout: duration(
    'A command that takes longer is ended, and what it did is looked up. Absent: 1m for SLURM, 30s for local.',
  ).exactOptional(),
  maxActive: count(
    'Jobs of ours that may be with this scheduler at once. Absent: 5000 for SLURM, 1000 for local.',
  ).exactOptional(),
  maxSubmitting: count('Submit commands that may run at once. Absent: 4.').exactOptional(),
};

const backend = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('slurm').describe('SLURM, through its own commands.'),
    ...backendSettings,
    env: z
      .record(z.string(), z.string())
      .exactOptional()
      .describe('Only for SLURM: variables of its commands and of the jobs, such as SLURM_CONF.'),
  }),
  z.strictObject({
    kind: z.literal('local').describe('Processes on this machine.'),
    ...backendSettings,
    cpus: count('Only for local: CPUs that its jobs share. Absent: those of the machine.').exactOptional(),
    memory: memory(
      'Only for local: memory that its jobs share. Absent: that of the machine.',
    ).exactOptional(),
  }),
]);

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
    .describe('Backend of a run that names none. Absent: slurm where `sbatch` is on PATH, else local.'),
  backends: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z][A-Za-z0-9_-]*$/, 'must begin with a letter and have only letters, digits, - and _'),
      backend,
    )
    .prefault({})
    .describe(
      'Schedulers by the name that workflows use. `slurm` (where `sbatch` is on PATH) and `local` need not be listed.',
    ),
  limits: z
    .strictObject({
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
  run: z
    .strictObject({
      onSignal: z
        .enum(['abort', 'detach'])
        .prefault('abort')
        .describe('What Ctrl-C does to `wfctl run`: abort the run, or leave its jobs to the scheduler.'),
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
export type BackendFile = ConfigFile['backends'][string];

function duration(description: string) {
  return quantity('duration', description, parseDurationMs);
}

function memory(description: string) {
  return quantity('memory', description, parseMemoryMiB);
}

function quantity(format: string, description: string, parse: (written: unknown) => Parsed<number>) {
  return z
    .unknown()
    .transform((written, context) => {
      const parsed = parse(written);
      if (parsed.ok) return parsed.value;
      context.addIssue({ code: 'custom', message: parsed.message });
      return z.NEVER;
    })
    .meta({ format, description });
}

function phase(name: PhaseName, description: string) {
  return duration(description).prefault(durationText(DEFAULT_PHASE_TIMEOUTS_MS[name]));
}

/** In the largest unit that needs no fraction, as a person would write it. */
function durationText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

function count(description: string) {
  return z.int().min(1).max(1_000_000).describe(description);
}

function path(description: string) {
  const hint = 'must be an absolute path, or begin with ~/';
  return z
    .string({ error: hint })
    .regex(/^(\/|~\/)/, hint)
    .describe(description);
}

/**
 * SLURM as a record of facts for the batch driver: its settings, and which function writes or reads what.
 * Checked with 22.05; what depends on a version is noted where it is used.
 */
import type { Backend, EndKind, Probe, RequestReply } from '../backend.ts';
import { type BatchScheduler, type BatchSettings, createBatchBackend, together } from '../batch-driver.ts';
import type { CommandLine, CommandResult } from '../run-command.ts';
import { whyNot } from '../why-not.ts';
import { abortCommand, accountCommands, check, observeCommand, submitCommand } from './commands.ts';
import { lacksAccounting, readSacct, readSqueue } from './parse.ts';
import { readSbatch } from './submit-reply.ts';

export type SlurmSettings = BatchSettings;

const DEFAULTS: SlurmSettings = {
  settleMs: 30_000,
  commandTimeoutMs: 60_000,
  pollMs: 5_000,
  maxActive: 5_000,
  maxSubmitting: 4,
  env: {},
};

export function createSlurm(name: string, settings: Partial<SlurmSettings>): Backend {
  return createBatchBackend(name, slurm, { ...DEFAULTS, ...settings });
}

/** Ids are written as squeue shows them; the raw id of an array's element is never used. */
const IDENTITY = `if [ -n "\${SLURM_ARRAY_JOB_ID:-}" ]; then
  wf_native="\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
  wf_index="\${SLURM_ARRAY_TASK_ID}"
else
  wf_native="\${SLURM_JOB_ID:-}"
  wf_index=0
fi
wf_count="\${SLURM_RESTART_COUNT:-0}"
`;

const slurm: BatchScheduler = {
  kind: 'slurm',
  capabilities: { reconnect: true, lookUp: true, arrays: true, signals: true },
  environmentNames: ['SLURM_CONF'],
  parseEnvironment: { LC_ALL: 'C', SLURM_TIME_FORMAT: 'standard' },
  preamble: () => IDENTITY,
  check,
  probe: async (ask) => readProbe(await Promise.all(PROBES.map(ask))),
  submit: async (request, ask) => readSbatch(await ask(submitCommand(request))),
  observe: async (owner, _known, ask) => readSqueue(await ask(observeCommand(owner))),
  async account(query, ask) {
    const answers = await Promise.all(accountCommands(query, Date.now()).map(ask));
    return together(answers.map(readSacct));
  },
  abort: async (nativeIds, manner, ask) => readAbortReply(await ask(abortCommand(nativeIds, manner))),
  causeInLog,
};

const PROBES: readonly CommandLine[] = [
  { program: 'sbatch', args: ['--version'] },
  { program: 'scontrol', args: ['ping'] },
  // Any id does: it is only asked whether somebody answers.
  { program: 'sacct', args: ['--allocations', '--noheader', '--parsable2', '--format=JobID', '--jobs=1'] },
];

function readProbe([version, ping, sacct]: readonly CommandResult[]): Probe {
  if (version === undefined || ping === undefined || sacct === undefined) {
    return { reachable: false, summary: 'nothing was asked', hasAccounting: false };
  }
  // A database that does not answer just now is still there.
  const hasAccounting = !lacksAccounting(sacct);
  if (version.exitCode !== 0) return { reachable: false, summary: whyNot('sbatch', version), hasAccounting };
  // With a backup controller one of several lines is enough.
  if (!/ is UP$/m.test(ping.stdout)) {
    const words = ping.stdout.trim().replaceAll('\n', '; ');
    return { reachable: false, summary: words === '' ? whyNot('scontrol', ping) : words, hasAccounting };
  }
  const accounting = hasAccounting
    ? accountingState(sacct)
    : 'no accounting: ends are known by squeue and marks only';
  return { reachable: true, summary: `${version.stdout.trim()}, ${accounting}`, hasAccounting };
}

function accountingState(sacct: CommandResult): string {
  return sacct.exitCode === 0
    ? 'accounting by sacct'
    : `accounting does not answer (${whyNot('sacct', sacct)})`;
}

/** Silence and 0 are also said of jobs that are over or were never there; newer versions complain about those. */
function readAbortReply(result: CommandResult): RequestReply {
  if (result.exitCode === 0) return { kind: 'sent' };
  const complaints = result.stderr.split('\n').filter((line) => line.includes('error:'));
  const harmless = complaints.filter((line) =>
    /already completing or completed|Invalid job id specified/.test(line),
  );
  const allHarmless =
    result.exitCode !== undefined && complaints.length > 0 && harmless.length === complaints.length;
  return allHarmless ? { kind: 'sent' } : { kind: 'failed', reason: whyNot('scancel', result) };
}

/** slurmstepd's last words in a job's output. Out of memory comes first: the kill is reported as well. */
function causeInLog(log: string): EndKind | undefined {
  const [, kind] = LAST_WORDS.find(([words]) => words.test(log)) ?? [];
  return kind;
}

const LAST_WORDS: readonly (readonly [RegExp, EndKind])[] = [
  [/error: .*exceeded memory limit .*being killed/, 'OutOfMemory'],
  [/error: .*(oom[-_ ]kill|out-of-memory handler)/i, 'OutOfMemory'],
  [/\*\*\* (JOB|STEP) .* DUE TO TIME LIMIT/, 'TimeLimit'],
  [/\*\*\* (JOB|STEP) .* DUE TO PREEMPTION/, 'Preempted'],
  [/\*\*\* (JOB|STEP) .* DUE TO NODE FAILURE/, 'NodeFailure'],
];

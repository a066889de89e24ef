/**
 * Grid Engine as a record of facts for the batch driver. Checked with Son of Grid Engine 8.1.9; what is known of
 * its relatives (6.2u5, Univa and Altair, Open Cluster Scheduler) is noted where it is used.
 */
import { hostname } from 'node:os';
import type { AccountingQuery, Backend, KnownJob, Owner, Probe, Snapshot } from '../backend.ts';
import { type Ask, type BatchScheduler, createBatchBackend, together } from '../batch-driver.ts';
import type { CommandLine, CommandResult } from '../run-command.ts';
import { whyNot } from '../why-not.ts';
import { hasNoRecords, lacksAccounting, lacksOption, readRecords } from './accounting.ts';
import {
  abortCommand,
  accountCommands,
  observeCommand,
  reasonsCommand,
  submitCommand,
  unblockCommand,
  withoutMasterOnly,
} from './commands.ts';
import { isInError, readListing, readReasons, withReason } from './listing.ts';
import { readAbortReply, readUnblockReply } from './request-reply.ts';
import { refusal } from './resources.ts';
import { scriptHead } from './script-head.ts';
import { DEFAULTS, type SgeSettings } from './settings.ts';
import { readQsub } from './submit-reply.ts';

export function createSge(name: string, settings: Partial<SgeSettings>): Backend {
  const site = { ...DEFAULTS, ranksPe: settings.pe ?? DEFAULTS.pe, ...settings };
  return createBatchBackend(name, sge(site), site);
}

function sge(site: SgeSettings): BatchScheduler {
  return {
    kind: 'sge',
    capabilities: { reconnect: true, lookUp: true, arrays: true, signals: true },
    environmentNames: [
      'SGE_ROOT',
      'SGE_CELL',
      'SGE_ARCH',
      'SGE_QMASTER_PORT',
      'SGE_EXECD_PORT',
      'SGE_CLUSTER_NAME',
    ],
    parseEnvironment: { LC_ALL: 'C' },
    preamble: (script) => scriptHead(script, site),
    check: (resources) => refusal(resources, site),
    probe: async (ask) => readProbe(await Promise.all(PROBES.map(ask)), site),
    submit: async (request, ask) => readQsub(await ask(submitCommand(request, site))),
    observe,
    account: async (query, ask) => (site.accounting ? account(query, ask) : NO_RECORDS),
    // The hardest that an ordinary user has (`qdel -f` blocks for a minute), and the only signal there is: the
    // script has asked for a warning where its task wants one (script-head.ts).
    abort: async (nativeIds, _manner, ask) => readAbortReply(await ask(abortCommand(nativeIds))),
    unblock: async (nativeIds, ask) => readUnblockReply(await ask(unblockCommand(nativeIds))),
    causeInLog: () => undefined,
  };
}

const NO_RECORDS: Snapshot = { kind: 'complete', jobs: [] };

/** A job in error shows no reason in the listing. It is asked for in one more question, and only for jobs we wait for. */
async function observe(owner: Owner, known: readonly KnownJob[], ask: Ask): Promise<Snapshot> {
  const listing = readListing(await ask(observeCommand(owner)));
  if (listing.kind === 'unavailable') return listing;
  const tags = new Set(known.map(({ tag }) => tag));
  const inError = listing.jobs.filter((job) => isInError(job) && tags.has(job.tag));
  if (inError.length === 0) return listing;
  const ids = inError.slice(0, REASONS_AT_ONCE).map(({ nativeId }) => nativeId);
  const reasons = readReasons(await ask(reasonsCommand(ids)));
  return { kind: 'complete', jobs: listing.jobs.map((job) => withReason(job, reasons)) };
}

/** One argument may be 128 KiB. */
const REASONS_AT_ONCE = 1_000;

async function account(query: AccountingQuery, ask: Ask): Promise<Snapshot> {
  const tags = new Set(query.jobs.map(({ tag }) => tag));
  const answers = accountCommands(query).map(async (line) => {
    const answer = await ask(line);
    return readRecords(lacksOption(answer) ? await ask(withoutMasterOnly(line)) : answer, tags);
  });
  return together(await Promise.all(answers));
}

const PROBES: readonly CommandLine[] = [
  { program: 'qstat', args: ['-help'] },
  observeCommand(),
  // Any name does: it is only asked whether somebody answers.
  { program: 'qacct', args: ['-j', 'wfd.probe'] },
  { program: 'qconf', args: ['-ss'] },
  { program: 'qconf', args: ['-sq', '*'] },
];

function readProbe(answers: readonly CommandResult[], site: SgeSettings): Probe {
  const [help, listing, qacct, submitHosts, queues] = answers;
  if (!help || !listing || !qacct || !submitHosts || !queues)
    return { reachable: false, summary: 'nothing was asked', hasAccounting: false };
  const hasAccounting = site.accounting && !lacksAccounting(qacct);
  const shown = readListing(listing);
  if (shown.kind === 'unavailable') return { reachable: false, summary: shown.reason, hasAccounting };
  const words = [
    help.stdout.trim().split('\n')[0] ?? '',
    hasAccounting ? accountingState(qacct) : 'no accounting: ends are known by marks only',
    ...warningTime(queues),
    ...mayNotSubmit(submitHosts),
  ];
  return { reachable: true, summary: words.join(', '), hasAccounting };
}

function accountingState(qacct: CommandResult): string {
  if (qacct.exitCode === 0 || hasNoRecords(qacct)) return 'accounting by qacct';
  return `accounting does not answer (${whyNot('qacct', qacct)})`;
}

/** How long a warning lasts is for the queue to say (queue_conf(5), `notify`), whatever grace a task asks for. */
function warningTime({ stdout }: CommandResult): readonly string[] {
  const times = [...stdout.matchAll(/^notify\s.*/gm)].flatMap(([line]) => line.match(/\d+:\d+:\d+/g) ?? []);
  const distinct = [...new Set(times)].sort();
  return distinct.length === 0 ? [] : [`warned jobs are killed after ${distinct.join(' or ')}`];
}

function mayNotSubmit({ exitCode, stdout }: CommandResult): readonly string[] {
  const short = (name: string): string => name.trim().split('.')[0]?.toLowerCase() ?? '';
  if (exitCode !== 0 || stdout.split('\n').map(short).includes(short(hostname()))) return [];
  return [`but ${hostname()} is no submit host (qconf -ss)`];
}

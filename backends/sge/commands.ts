/** Grid Engine's command lines, as pure functions. What the commands answer is read elsewhere. */
import type { AccountingQuery, NativeId, Owner, SubmitRequest } from '../backend.ts';
import type { CommandLine } from '../run-command.ts';
import { resourceOptions } from './resources.ts';
import type { SgeSettings } from './settings.ts';
import { tagPatterns } from './tag-patterns.ts';

export function submitCommand(request: SubmitRequest, site: SgeSettings): CommandLine {
  const { resources, script } = request;
  const words = resources.options?.['sge'] ?? [];
  return {
    program: 'qsub',
    args: [
      // First, because it drops whatever the sge_request files of site and user have added before it.
      '-clear',
      ...site.submitOptions,
      ...identityOptions(request),
      ...(site.verify ? ['-w', 'e'] : []),
      ...resourceOptions(resources, site),
      ...words,
      script,
    ],
  };
}

/**
 * All jobs of one user in one question. `-s a` is the default, but must be said: an ~/.sge_qstat with `-s r`
 * would hide all jobs that wait (observed with 8.1.9).
 */
export function observeCommand(owner?: Owner): CommandLine {
  return { program: 'qstat', args: ['-s', 'a', '-xml', ...(owner === undefined ? [] : ['-u', owner.name])] };
}

/** The only place where the reason of an error state can be read. Without -xml, whose tags 6.2u5 spoils here. */
export function reasonsCommand(nativeIds: readonly NativeId[]): CommandLine {
  return { program: 'qstat', args: ['-j', jobNumbers(nativeIds).join(',')] };
}

/**
 * By name only: of several ids qacct silently takes one (`-j 1,2` the first, `-j 1 -j 2` the last). Without a
 * time window, which would hide jobs that were never started, because it goes by the time of start.
 */
export function accountCommands({ owner, jobs }: AccountingQuery): readonly CommandLine[] {
  return tagPatterns(jobs.map(({ tag }) => tag)).map((pattern) => ({
    program: 'qacct',
    args: ['-m', '-o', owner.name, '-j', pattern],
  }));
}

/** Older and other Grid Engines do not know `-m`. */
export function withoutMasterOnly({ program, args }: CommandLine): CommandLine {
  return { program, args: args.filter((word) => word !== '-m') };
}

export function abortCommand(nativeIds: readonly NativeId[]): CommandLine {
  return { program: 'qdel', args: nativeIds };
}

export function unblockCommand(nativeIds: readonly NativeId[]): CommandLine {
  return { program: 'qmod', args: ['-cj', ...nativeIds] };
}

/** What makes the job ours, findable, and free of what it would inherit. */
function identityOptions({ tag, elements, priority, warning }: SubmitRequest): readonly string[] {
  return [
    '-terse',
    // No `#$` line of a script is read.
    ...['-C', ''],
    ...['-N', tag],
    // Where a directory or a log is missing the job would stay in error; the script goes and writes there itself.
    ...['-wd', '/', '-j', 'y', '-o', '/dev/null'],
    // Without it the queue's own shell would run the script, whatever its first line says.
    ...['-S', '/bin/sh'],
    // Retries are ours.
    ...['-r', 'n'],
    ...(elements > 1 ? ['-t', `1-${elements}`] : []),
    ...(warning === undefined ? [] : ['-notify']),
    // Only operators may raise a job's priority; anyone may lower it.
    ...(priority !== undefined && priority < 0 ? ['-p', String(Math.max(-1023, Math.floor(priority)))] : []),
  ];
}

function jobNumbers(nativeIds: readonly NativeId[]): readonly string[] {
  return [...new Set(nativeIds.map((id) => id.split('.')[0] ?? ''))];
}

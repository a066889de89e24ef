/**
 * The command lines of bsub and bkill, as pure functions. Only options that IBM's commands and those of the open
 * relatives read in the same way: the relatives take `-cwd` for `-c wd`, `-env` for `-e nv`, and run the rest.
 */
import type { AbortManner, NativeId, SubmitRequest } from '../backend.ts';
import type { CommandLine } from '../run-command.ts';
import { shellQuote } from '../shell-quote.ts';
import type { Dialect } from './ends.ts';
import { requestOptions } from './request.ts';
import type { LsfSettings, MemoryUnit } from './settings.ts';

/**
 * The path of the script goes in by standard input: of command words bsub makes a shell line again, not always the
 * same. `#!` makes LSF run it as a process of its own, so that its end by a signal is not taken for the end of LSF's
 * own shell, which the relatives report as DONE; `exec`, because that process would die of signals that the wrapper
 * survives, and its code would hide the wrapper's.
 */
export function submitCommand(
  request: SubmitRequest,
  dialect: Dialect | undefined,
  settings: LsfSettings,
  configuredUnit: MemoryUnit | undefined,
): CommandLine {
  const { tag, elements, resources, script } = request;
  return {
    program: 'bsub',
    args: [
      '-J',
      elements > 1 ? `${tag}[1-${elements}]` : tag,
      // Without it the output is mailed; the script opens its own log.
      '-o',
      '/dev/null',
      // Retries are ours. The relatives do not know the option.
      ...(dialect === 'spectrum' ? ['-rn'] : []),
      ...requestOptions(resources, settings, configuredUnit),
      ...(resources.options?.['lsf'] ?? []),
    ],
    input: `#!/bin/sh\nexec /bin/sh ${shellQuote(script)}\n`,
  };
}

export function abortCommand(nativeIds: readonly NativeId[], manner: AbortManner): CommandLine {
  return { program: 'bkill', args: [...mannerOptions(manner), ...nativeIds] };
}

function mannerOptions(manner: AbortManner): readonly string[] {
  switch (manner.kind) {
    case 'kill':
      return [];
    case 'force':
      // Also takes the job from LSF where its host does not answer (bkill -r).
      return ['-r'];
    case 'signal':
      return ['-s', manner.signal];
    default:
      return manner satisfies never;
  }
}

/** What stands at the top of every batch script: who the job is, and what Grid Engine does not do itself. */
import type { ScriptHead, SubmitRequest } from '../backend.ts';
import { ownLog, ownUmask, ownVariables } from '../preamble.ts';
import type { SgeSettings } from './settings.ts';

export function scriptHead(script: ScriptHead, { env }: SgeSettings): string {
  return [
    IDENTITY,
    ownUmask(script),
    ownLog(script),
    // Sent with `-v`, a value would be cut at its first comma.
    ownVariables(env),
    ...(script.warning === undefined ? [] : [warned(script.warning)]),
  ].join('\n');
}

/**
 * An exit code of 99 would run the job again for ever, one of 100 leave it in error (sge_shepherd(8)). Elements
 * count from 1. RESTARTED is 1 after each rerun, not their number.
 */
const IDENTITY = `wf_native=\${JOB_ID:-} wf_count=\${RESTARTED:-0} wf_index=0 wf_reserved=' 99 100 '
case \${SGE_TASK_ID:-undefined} in
undefined) ;;
*) wf_native=$wf_native.$SGE_TASK_ID wf_index=$((SGE_TASK_ID - 1)) ;;
esac`;

/**
 * With -notify a job is sent SIGUSR2 some time before SIGKILL, and SIGUSR1 before it is suspended (qsub(1)):
 * every process of the job, each of which would end by it (observed with 8.1.9). So they all ignore both, and one
 * beside them turns the warning into the task's own signal. It lives no longer than the script, and a nap.
 */
function warned({ signal }: NonNullable<SubmitRequest['warning']>): string {
  const deaf = ['USR1', 'USR2'].filter((name) => name !== signal).join(' ');
  const ignore = `trap '' ${deaf}\nwf_deaf='${deaf}'`;
  if (signal === 'USR2') return ignore;
  // The script goes on, and turns deaf, only when the substitution is complete: when somebody listens.
  return `: "$(
  (
    trap '' USR1
    trap 'trap "" ${signal}; kill -s ${signal} 0; exit' USR2
    exec >/dev/null
    while kill -0 $$; do sleep 5 & wait $!; done
  ) </dev/null 2>/dev/null &
)"
${ignore}`;
}

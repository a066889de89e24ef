/**
 * Shell lines that several schedulers need at the top of a batch script, because they do not do these things
 * themselves, or not with every path and value. POSIX sh; no line may fail where it is not a job's fault.
 */
import type { ScriptHead } from './backend.ts';
import { shellQuote } from './shell-quote.ts';

/**
 * The script opens its own log: some schedulers read patterns, hosts or lists into an output path (SGE `:` and `,`).
 * Emptied first, since what an earlier run of the same id wrote must not explain the end of this one. A log that
 * cannot be written does not stop the job. Needs `wf_index`.
 */
export function ownLog({ log, elements }: Pick<ScriptHead, 'log' | 'elements'>): string {
  const path = elements > 1 ? `${shellQuote(log)}.$wf_index` : shellQuote(log);
  return `{ true >${path}; } 2>/dev/null && exec >>${path} 2>&1`;
}

export function ownUmask({ umask }: Pick<ScriptHead, 'umask'>): string {
  return `umask 0${umask.toString(8).padStart(3, '0')}`;
}

/**
 * The site's variables for jobs, where the scheduler does not carry them into the job unharmed. PATH is not one of
 * them: it tells where our commands lie, and a job has the one of its node.
 */
export function ownVariables(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .filter(([name]) => name !== 'PATH')
    .map(([name, value]) => `export ${name}=${shellQuote(value)}`)
    .join('\n');
}

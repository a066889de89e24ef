/**
 * The options in one directive line, as words: how sbatch's getopt reads them, and how qsub and bsub do.
 * What an option means is directives.ts.
 */

export interface Option {
  /** `--mem`, `-q`. */
  readonly name: string;
  readonly value: string | undefined;
  /** As it would be passed through. */
  readonly words: readonly string[];
}

/** Words as a shell would split them; `#` begins a comment, as sbatch has it. */
export function splitWords(line: string): string[] {
  const words = line.matchAll(/#.*$|((?:[^\s"'#]|"[^"]*"|'[^']*'|(?<=\S)#)+)/g);
  return [...words].flatMap(([, word]) =>
    word === undefined ? [] : [word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2')],
  );
}

/** `-p batch`, `-pbatch`, `--mem=4G`, `--mem 4G`, `--exclusive`. */
export function slurmOptions(words: readonly string[]): Option[] {
  const options: Option[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    const next = words[index + 1];
    const [, long, , joined] = /^(--[\w-]+)(=(.*))?$/s.exec(word) ?? [];
    const [, short, attached] = /^(-\w)(.*)$/s.exec(word) ?? [];
    const takesNext =
      (joined ?? (attached || undefined)) === undefined && next !== undefined && !next.startsWith('-');
    const isFlag = FLAGS.has(long ?? short ?? '');
    const value = joined ?? (attached || (takesNext && !isFlag ? next : undefined));
    if (takesNext && !isFlag) index += 1;
    const name = long ?? SLURM_LONG[short ?? ''] ?? short ?? word;
    options.push({ name, value, words: takesNext && !isFlag ? [word, next] : [word] });
  }
  return options;
}

/** `-q batch`, `-pe smp 4`: all words up to the next one that begins with `-`. */
export function dashedOptions(words: readonly string[]): Option[] {
  const options: { name: string; words: string[] }[] = [];
  for (const word of words) {
    const isOption = /^-[A-Za-z]/.test(word);
    if (isOption || options.length === 0) options.push({ name: word, words: [word] });
    else options.at(-1)?.words.push(word);
  }
  return options.map(({ name, words: [first = '', ...rest] }) => ({
    name,
    value: rest.length > 0 ? rest.join(' ') : undefined,
    words: [first, ...rest],
  }));
}

const FLAGS = new Set([
  '--exclusive',
  '-s',
  '-H',
  '--hold',
  '-O',
  '-Q',
  '-W',
  '--wait',
  '--requeue',
  '--no-requeue',
  '--parsable',
]);
const SLURM_LONG: Readonly<Record<string, string>> = {
  '-A': '--account',
  '-C': '--constraint',
  '-D': '--chdir',
  '-G': '--gpus',
  '-H': '--hold',
  '-J': '--job-name',
  '-M': '--clusters',
  '-N': '--nodes',
  '-Q': '--quiet',
  '-W': '--wait',
  '-a': '--array',
  '-c': '--cpus-per-task',
  '-d': '--dependency',
  '-e': '--error',
  '-i': '--input',
  '-n': '--ntasks',
  '-o': '--output',
  '-p': '--partition',
  '-q': '--qos',
  '-t': '--time',
};

/**
 * `wfctl status ID` in its plain forms, read without yargs, which would be half of its time. Whatever is not
 * plainly that (help, a misspelt option, `--json=true`) is left to yargs, so that there is one truth.
 */

export interface StatusArgs {
  readonly id: string;
  readonly json: boolean;
  readonly calls: boolean;
  readonly wait: boolean;
  readonly socket?: string;
}

export function quickStatus(words: readonly string[]): StatusArgs | undefined {
  const flags = new Set<string>();
  const names: string[] = [];
  let socket: string | undefined;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (FLAGS.includes(word)) flags.add(word);
    else if (word === '--socket') socket = words[++at];
    else if (word.startsWith('-')) return undefined;
    else names.push(word);
  }
  const [verb, id, ...more] = names;
  const isWhole = words.includes('--socket') === (socket !== undefined) && !socket?.startsWith('-');
  if (verb !== 'status' || id === undefined || more.length > 0 || !isWhole) return undefined;
  return {
    id,
    json: flags.has('--json'),
    calls: flags.has('--calls'),
    wait: flags.has('--wait'),
    ...(socket === undefined ? {} : { socket }),
  };
}

const FLAGS: readonly string[] = ['--json', '--calls', '--wait'];

/** The options of `wfd`, once: what is read, what `--help` tells, what the manual page says. */
import { parseArgs } from 'node:util';
import { VERSION } from './protocol/version.ts';

export const OPTIONS = {
  config: {
    type: 'string',
    value: 'FILE',
    text: 'configuration (WFD_CONFIG; else ~/.config/wfd/config.yaml, /etc/wfd/config.yaml)',
  },
  state: {
    type: 'string',
    value: 'DIR',
    text: 'where runs are recorded (WFD_STATE_DIR; else ~/.local/state/wfd)',
  },
  socket: {
    type: 'string',
    value: 'PATH',
    text: 'where wfctl finds it (WFD_SOCKET; else $XDG_RUNTIME_DIR/wfd/wfd.sock)',
  },
  system: {
    type: 'boolean',
    value: '',
    text: 'serve every user of the node, as root: state in /var/lib/wfd, socket /run/wfd/wfd.sock, configuration /etc/wfd/config.yaml',
  },
  version: { type: 'boolean', value: '', text: 'the version' },
  help: { type: 'boolean', value: '', text: 'this text' },
} as const;

export const SUMMARY = 'runs workflows on batch schedulers, exactly once';
export const USAGE = 'wfd [--system] [--config FILE] [--state DIR] [--socket PATH]';

/** Throws, with the words of parseArgs, where they are not those above. */
export function readCommandLine(words: readonly string[]) {
  return parseArgs({ args: [...words], options: OPTIONS }).values;
}

export function helpText(): string {
  const options = Object.entries(OPTIONS).map(([name, { value, text }]) => {
    const [first = '', ...more] = folded(text, 78);
    return [
      `  --${`${name} ${value}`.padEnd(14)}${first}`,
      ...more.map((line) => `${' '.repeat(18)}${line}`),
    ].join('\n');
  });
  return `wfd ${VERSION}: ${SUMMARY}

usage: ${USAGE}

${options.join('\n')}

It stays in the foreground and logs to stderr. SIGTERM stops it, and jobs go on; SIGHUP has it
read the configuration again.
example: wfd --state ~/wfd-state --socket ~/wfd-state/wfd.sock
`;
}

function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

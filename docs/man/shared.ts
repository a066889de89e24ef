/** What several pages say. */
import { bold, item, section } from './roff.ts';

export interface Edition {
  readonly version: string;
  readonly date: string;
  /** The text of docs/errors.md. */
  readonly errorsPage: string;
}

type Program = 'wfctl' | 'wfd';

const BOTH: readonly Program[] = ['wfctl', 'wfd'];

const VARIABLES: readonly (readonly [name: string, programs: readonly Program[], text: string])[] = [
  ['WFD_SOCKET', BOTH, 'The socket. `--socket` goes first. `wfctl` tries no other then.'],
  [
    'WFD_STATE_DIR',
    BOTH,
    'The directory of the state. The socket is `wfd.sock` in it, unless `WFD_SOCKET` says something else.',
  ],
  [
    'WFD_CONFIG',
    BOTH,
    'The configuration file, the only one that is looked for then. `wfctl run` reads it, too.',
  ],
  [
    'WFD_AUTOSTART',
    ['wfctl'],
    '`1`: where no daemon answers, one of your own is started, as with `--start`.',
  ],
  [
    'WFCTL_SENT_BY',
    ['wfctl'],
    'Set by `wfctl` where it runs itself on another host (`client.remote: ssh`), as is `WFCTL_MUST_NOT_ASK`: the host it comes from, so that no command is sent to and fro; and that it cannot ask a question there.',
  ],
  ['XDG_RUNTIME_DIR', BOTH, 'The socket of your own daemon is `wfd/wfd.sock` in it.'],
  ['XDG_STATE_HOME', BOTH, 'The state of your own daemon is `wfd` in it. Absent: `~/.local/state`.'],
  ['XDG_CONFIG_HOME', BOTH, 'Your configuration is `wfd/config.yaml` in it. Absent: `~/.config`.'],
  ['HOME', BOTH, 'Where the directories above are when they are not named.'],
  ['PATH', BOTH, "Where the schedulers' commands are looked for, by the daemon and by `wfctl run`."],
  [
    'NO_COLOR',
    ['wfctl'],
    'Set to anything: no colours. There are none in a pipe, nor where `TERM` is `dumb`.',
  ],
  ['TERM', ['wfctl'], 'The kind of the terminal.'],
  [
    'NOTIFY_SOCKET',
    ['wfd'],
    'Set by systemd, as are `WATCHDOG_USEC`, `WATCHDOG_PID`, `LISTEN_FDS`, `LISTEN_PID` and `JOURNAL_STREAM`: how the daemon tells that it is ready, alive or stopping, the socket that it is handed, and the form of its log. No command of a scheduler inherits them.',
  ],
  ['LSF_ENVDIR', ['wfd'], "Where LSF's `lsf.conf` lies, of which the unit of memory limits is read."],
];

export function environment(program: Program): string {
  const ours = VARIABLES.filter(([, programs]) => programs.includes(program));
  return section('environment', ...ours.map(([name, , text]) => item(bold(name), text)));
}

/** The first table of docs/errors.md. */
export function exitStatus(errorsPage: string): string {
  const rows = [...errorsPage.matchAll(/^\| (\d+) \| (.+) \|$/gm)];
  return section('exit status', ...rows.map(([, code = '', meaning = '']) => item(bold(code), meaning)));
}

export function seeAlso(...pages: readonly (readonly [name: string, section: number])[]): string {
  const references = pages.map(([name, number], index) => {
    const comma = index === pages.length - 1 ? '' : ',';
    return `.BR ${name.replaceAll('-', '\\-')} (${number})${comma}\n`;
  });
  return section('see also', ...references);
}

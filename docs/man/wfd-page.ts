/** wfd(8): its options as they are read; what a service of the system does. */
import { OPTIONS, SUMMARY, USAGE } from '../../daemon/command-line.ts';
import { bold, example, italic, item, marked, page, paragraph, section } from './roff.ts';
import { type Edition, environment, seeAlso } from './shared.ts';

export function wfdPage(edition: Edition): string {
  return page({ name: 'wfd', section: 8, title: 'System Administration', ...edition }, [
    section('name', `wfd \\- ${SUMMARY}\n`),
    section('synopsis', `${marked(`\`${USAGE}\``)}\n`),
    section(
      'description',
      paragraph(
        '`wfd` runs workflows on SLURM, Grid Engine, LSF, other batch schedulers and this machine, by their own commands. People talk to it with wfctl(1), over a Unix socket.',
      ),
      paragraph(
        'Jobs belong to the scheduler. The daemon may be stopped, killed or upgraded at any moment: jobs go on, and the next one takes every run up again from its state. (Processes of the `local` backend are the exception where a service manager ends them with the daemon.)',
      ),
      paragraph(
        'Started by a user it is his own. With `--system`, as root, it serves every user of the node: the kernel says who asks, and scheduler commands and all work on files are done with the rights of the owner of the run.',
      ),
    ),
    section(
      'options',
      ...Object.entries(OPTIONS).map(([name, { value, text }]) =>
        item(
          `${bold(`--${name}`)}${value === '' ? '' : ` ${italic(value)}`}`,
          text.replace(/^./, (first) => first.toUpperCase()).concat('.'),
        ),
      ),
    ),
    section(
      'signals',
      item(
        'SIGTERM, SIGINT',
        'Stop, in phases, each with its time limit (`shutdown` in wfd.yaml(5)): nothing new is started, requests in flight are answered, submit commands in flight come back and are stored. A second signal ends at once, which is safe, too.',
      ),
      item(
        'SIGHUP',
        'Read the configuration again. One with a mistake is refused as a whole, and told in the log; `wfctl daemon reload` does the same and tells you. At a terminal it ends the daemon, as the terminal has gone.',
      ),
    ),
    section(
      'as a service',
      paragraph(
        'With systemd, `wfd.socket` holds the socket, so that requests wait while the daemon restarts; `wfd.service` runs it.',
      ),
      example([
        'wfctl service install --system     # or --user; starts it with what the schedulers need',
        'systemctl reload wfd               # after a change of the configuration',
        'systemctl restart wfd              # no request fails, jobs go on',
        'journalctl -u wfd',
      ]),
      paragraph('Without systemd it stays in the foreground and logs to stderr, one JSON object a line.'),
    ),
    section(
      'exit status',
      item(bold('0'), 'It was stopped, or drained.'),
      item(
        bold('2'),
        'A mistake in options or configuration, or another daemon has the state or the socket.',
      ),
      item(bold('70'), 'A bug, or the state was taken over; the next start takes everything up again.'),
    ),
    environment('wfd'),
    section(
      'files',
      item(
        `${italic('/etc/wfd/config.yaml')}, ${italic('~/.config/wfd/config.yaml')}`,
        'Configuration: wfd.yaml(5). None is needed.',
      ),
      item(
        `${italic('/etc/wfd/environment')}, ${italic('~/.config/wfd/environment')}`,
        "Variables that the schedulers' commands need and a service is not given, such as `PATH` and `SLURM_CONF`. `wfctl service install` writes it where there is none.",
      ),
      item(
        `${italic('/var/lib/wfd/')}, ${italic('~/.local/state/wfd/')}`,
        'The state: `state.db` and its backups. It is of use only to its daemon; copy it with `wfctl daemon backup`.',
      ),
      item(italic('/var/lib/wfd/audit.log'), 'With `--system`: who asked for what.'),
      item(`${italic('/run/wfd/wfd.sock')}, ${italic('$XDG_RUNTIME_DIR/wfd/wfd.sock')}`, 'The socket.'),
    ),
    seeAlso(['wfctl', 1], ['wfd.yaml', 5], ['systemctl', 1], ['journalctl', 1]),
  ]);
}

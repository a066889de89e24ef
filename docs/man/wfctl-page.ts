/** wfctl(1): made of the commands, as yargs is told of them. */
import { COMMANDS, GLOBAL_OPTIONS } from '../../cli/all-commands.ts';
import {
  type CommandReference,
  describeCommands,
  describeOptions,
  type Option,
  type Positional,
} from '../../cli/completion/reference.ts';
import { bold, example, italic, item, page, paragraph, section, subsection } from './roff.ts';
import { type Edition, environment, exitStatus, seeAlso } from './shared.ts';

export async function wfctlPage(edition: Edition): Promise<string> {
  const commands = await describeCommands(COMMANDS);
  return page({ name: 'wfctl', section: 1, title: 'User Commands', ...edition }, [
    section('name', `wfctl \\- submit and watch workflows on batch schedulers\n`),
    section('synopsis', `${commands.map(synopsis).join('\n.br\n')}\n`),
    section(
      'description',
      paragraph(
        '`wfctl` talks to the daemon wfd(8), which runs workflows on SLURM, Grid Engine, LSF, other batch schedulers or this machine by their own commands. Jobs belong to the scheduler: neither the end of `wfctl` nor that of the daemon ends them.',
      ),
      paragraph(
        'A workflow that is submitted becomes a run, with a number. A run has calls, named by their tasks, such as `align[3]`; in a shell such a name needs quotes.',
      ),
      paragraph(
        'The daemon is looked for at `WFD_SOCKET`, then at your own sockets, then at that of the system, `/run/wfd/wfd.sock`. While it restarts, requests wait.',
      ),
    ),
    section('commands', ...commands.map(commandPart)),
    section(
      'common options',
      ...describeOptions(GLOBAL_OPTIONS).map(optionItem),
      item(`${bold('--help')}`, 'Help, for `wfctl` or for a command.'),
      item(bold('--version'), 'The version.'),
    ),
    exitStatus(edition.errorsPage),
    environment('wfctl'),
    section(
      'files',
      item(
        italic('wf-runs/'),
        'In the directory of a submit: the directories of its runs, with every script, output and mark, and `run.json`, the record of the run. The configuration may choose another place (`runs.dir`).',
      ),
    ),
    seeAlso(['wfd', 8], ['wfd.yaml', 5]),
  ]);
}

function synopsis({ usage }: CommandReference): string {
  const [verb = '', ...names] = usage.split(' ');
  return [bold(`wfctl ${verb}`), ...names.map(nameIn), '[options]'].join(' ');
}

/** `<id>`, `[call]`, `[ids..]` */
function nameIn(word: string): string {
  const name = italic(word.replace(/[^\w]/g, ''));
  const several = word.includes('..') ? `${name} ...` : name;
  return word.startsWith('[') ? `[${several}]` : several;
}

function commandPart(command: CommandReference): string {
  const { summary, positionals, options, examples } = command;
  return subsection(
    synopsis(command),
    paragraph(`${summary}.`),
    ...positionals.map(positionalItem),
    ...options.map(optionItem),
    example(examples),
  );
}

function positionalItem({ name, describe, choices, standard }: Positional): string {
  return item(italic(name), told(describe, choices, standard));
}

function optionItem({ name, letter, describe, takesValue, choices, standard }: Option): string {
  const letters = letter === undefined ? '' : `${bold(`-${letter}`)}, `;
  const value = takesValue ? ` ${italic(name.toUpperCase())}` : '';
  const isOn = !takesValue && standard === 'true';
  const off = isOn ? `, ${bold(`--no-${name}`)}` : '';
  return item(
    `${letters}${bold(`--${name}`)}${value}${off}`,
    told(describe, choices, isOn ? undefined : standard),
  );
}

function told(describe: string, choices: readonly string[], standard: string | undefined): string {
  const among = choices.length === 0 ? '' : ` One of ${choices.map((word) => `\`${word}\``).join(', ')}.`;
  const absent = standard === undefined ? '' : ` Default: \`${standard}\`.`;
  const end = /[.!?)]$/.test(describe) ? '' : '.';
  return `${describe}${end}${among}${absent}`;
}

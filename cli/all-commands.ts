/**
 * Every command with its options and help, read by yargs. A file of its own beside wfctl: yargs is most of the
 * time a command takes to start, and what scripts ask for in loops does without it (quick.ts).
 */
import yargs, { type Argv } from 'yargs';
import { VERSION } from '../daemon/protocol/version.ts';
import { usageError } from './cli-error.ts';
import type { CommandEntry } from './command.ts';
import { contextOf } from './context.ts';
import { reported } from './report.ts';

/** Answers the exit code. */
export function executeAndReport(words: readonly string[]): Promise<number> {
  return reported(words, () => execute(words));
}

async function execute(words: readonly string[]): Promise<number> {
  let exitCode = 0;
  const parser = yargs([...words])
    .scriptName('wfctl')
    .usage('$0 <command>\n\nRuns workflows on batch schedulers, through the daemon wfd.')
    .options(GLOBAL_OPTIONS);
  for (const entry of COMMANDS) {
    parser.command({
      command: entry.usage,
      describe: entry.summary,
      builder: async (yargs: Argv) =>
        (await entry.load())
          .options(yargs.usage(`wfctl ${entry.usage}\n\n${entry.summary}`))
          .example(entry.examples.map((line) => [line, ''])),
      handler: async (args) => {
        exitCode = await (await entry.load()).run(args, contextOf(words, args));
      },
    });
  }
  await parser
    .demandCommand(1, 'no command given; `wfctl --help` lists them')
    .recommendCommands()
    .strict()
    .parserConfiguration({ 'greedy-arrays': false, 'dot-notation': false })
    .detectLocale(false)
    .version(VERSION)
    .help()
    .wrap(80)
    .exitProcess(false)
    .fail((message, error) => {
      throw usageOrBug(message, error);
    })
    .parseAsync();
  return exitCode;
}

export const GLOBAL_OPTIONS = {
  socket: {
    type: 'string',
    requiresArg: true,
    describe: "The daemon's socket (else WFD_SOCKET, yours, the system's)",
  },
  start: {
    type: 'boolean',
    describe: 'Start a daemon of yours if none answers (else WFD_AUTOSTART=1)',
  },
} as const;

export const COMMANDS: readonly CommandEntry[] = [
  {
    usage: 'submit <file>',
    summary: 'Submit a workflow; prints the id of the run',
    examples: ['wfctl submit align.yaml --input reference=/data/ref.fa --label project=p42'],
    load: async () => (await import('./commands/submit.ts')).submit,
  },
  {
    usage: 'status <id>',
    summary: 'How a run is',
    examples: ['wfctl status 17 --calls'],
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    usage: 'list',
    summary: 'Runs, newest first',
    examples: ['wfctl list --status Running --label project=p42'],
    load: async () => (await import('./commands/list.ts')).list,
  },
  {
    usage: 'abort [ids..]',
    summary: 'Abort runs, or one call of a run',
    examples: [
      'wfctl abort 17 --wait',
      "wfctl abort 17 --call 'align[3]'",
      'wfctl abort --label project=p42',
    ],
    load: async () => (await import('./commands/abort.ts')).abort,
  },
  {
    usage: 'hold <id>',
    summary: 'Start nothing new of a run; its jobs are watched',
    examples: ['wfctl hold 17 --reason "wait for the new reference"'],
    load: async () => (await import('./commands/hold.ts')).hold,
  },
  {
    usage: 'release <id>',
    summary: 'Let a held run go on',
    examples: ['wfctl release 17'],
    load: async () => (await import('./commands/release.ts')).release,
  },
  {
    usage: 'logs <id> [call]',
    summary: 'What a call has printed',
    examples: ["wfctl logs 17 'align[3]' --stderr --follow"],
    load: async () => (await import('./commands/logs.ts')).logs,
  },
  {
    usage: 'why <id> [call]',
    summary: 'Why a run or a call is where it is',
    examples: ["wfctl why 17 'align[3]'"],
    load: async () => (await import('./commands/why.ts')).why,
  },
  {
    usage: 'events [id]',
    summary: 'What has happened',
    examples: ['wfctl events 17 --follow'],
    load: async () => (await import('./commands/events.ts')).events,
  },
  {
    usage: 'validate [file]',
    summary: 'Check a workflow; needs no daemon',
    examples: [
      'wfctl validate align.yaml --input reference=/data/ref.fa',
      'wfctl validate --schema > workflow.schema.json',
    ],
    load: async () => (await import('./commands/validate.ts')).validate,
  },
  {
    usage: 'run [file]',
    summary: 'Run a workflow in the foreground, with no daemon',
    examples: ['wfctl run align.yaml --backend local', 'wfctl run --resume wf-runs/align-1-0f3a9c2e'],
    load: async () => (await import('./commands/run.ts')).run,
  },
  {
    usage: 'backends [action] [name]',
    summary: 'The schedulers: how they are; one in full; pause or resume one',
    examples: ['wfctl backends slurm', 'wfctl backends pause slurm --reason "maintenance"'],
    load: async () => (await import('./commands/backends.ts')).backends,
  },
  {
    usage: 'daemon [action] [file]',
    summary:
      'The daemon: status, start, stop, drain, resume, reload; its state: backup, check, restore, retention',
    examples: [
      'wfctl daemon start',
      'wfctl daemon restore ~/.local/state/wfd/backups/state-2030-01-31T02-00-00Z.db',
    ],
    load: async () => (await import('./commands/daemon.ts')).daemon,
  },
  {
    usage: 'config <action> [file]',
    summary: 'The configuration: check a file; show what is in force, and why',
    examples: ['wfctl config check /etc/wfd/config.yaml', 'wfctl config show --system'],
    load: async () => (await import('./commands/config.ts')).config,
  },
  {
    usage: 'service [action]',
    summary: 'The daemon as a service of systemd: status, install, uninstall; move it to this node',
    examples: [
      'wfctl service install',
      'sudo wfctl service install --system --dry-run',
      'wfctl service status',
    ],
    load: async () => (await import('./commands/service.ts')).service,
  },
  {
    usage: 'completion <shell>',
    summary: 'Print what completes commands in your shell: bash, zsh or fish',
    examples: [
      'wfctl completion bash > ~/.local/share/bash-completion/completions/wfctl',
      'wfctl completion zsh > ~/.zfunc/_wfctl    # fpath+=~/.zfunc, then compinit',
      'wfctl completion fish > ~/.config/fish/completions/wfctl.fish',
      'source <(wfctl completion bash)    # only in this shell; zsh: after compinit',
    ],
    load: async () => {
      const { completionOf } = await import('./commands/completion.ts');
      return completionOf(COMMANDS, GLOBAL_OPTIONS);
    },
  },
];

/** What yargs itself refuses is the user's mistake; whatever else a command throws is passed on. */
function usageOrBug(message: string | null, error: Error | undefined): Error {
  if (error !== undefined && error.name !== 'YError') return error;
  const text = message ?? error?.message ?? 'wrong usage';
  return usageError(
    text.startsWith('Did you mean') ? `there is no such command. ${text}` : `${text} (see --help)`,
  );
}

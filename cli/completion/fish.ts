/** Completion for fish: one `complete` for each name and option (complete(1)), made of the commands. */
import type { CommandReference, Option, Positional } from './reference.ts';
import { commonOptions, ownOptions, quoted, type Reference, valueAfter } from './script.ts';
import { type Value, valueFor } from './values.ts';

export function fishScript(reference: Reference): string {
  const { commands, version } = reference;
  return `# Completes the commands of wfctl ${version} in fish. Printed by: wfctl completion fish

# The words before the cursor that are neither options nor values of options.
function __wfctl_names
    set -l verb
    set -l option
    for word in (commandline -opc)[2..-1]
        if test -n "$option"
            set option
            continue
        end
        switch "$verb $word"
${valueCases(reference).join('\n')}
                set option $word
            case '* -*'
            case '*'
                test -n "$verb"; or set verb $word
                printf '%s\\n' $word
        end
    end
end

# __wfctl_at VERB [COUNT]: that command has been typed, and so many names after it.
function __wfctl_at
    set -l names (__wfctl_names)
    test "$names[1]" = "$argv[1]"; or return 1
    test (count $argv) = 1; or test (count $names) = (math $argv[2] + 1)
end

# What only the daemon knows.
function __wfctl_ask
    set -l names (__wfctl_names)
    set -l words (commandline -opc)
    set -l socket
    if set -l at (contains -i -- --socket $words)
        set socket --socket $words[(math $at + 1)]
    end
    wfctl __complete $socket $argv $names[2] 2>/dev/null
end

complete -c wfctl -e
complete -c wfctl -f
${commonOptions(reference)
  .map((option) => optionLine([], undefined, option))
  .join('\n')}
${commands.map(({ verb, summary }) => `complete -c wfctl -n 'test (count (__wfctl_names)) = 0' -a ${verb} -d ${quoted(summary)}`).join('\n')}
${commands.flatMap(linesOf).join('\n')}
`;
}

function linesOf(command: CommandReference): string[] {
  return [
    ...ownOptions(command).map((option) =>
      optionLine(['-n', quoted(`__wfctl_at ${command.verb}`)], command, option),
    ),
    ...command.positionals.map((positional, index) => positionalLine(command, positional, index)),
  ];
}

function optionLine(
  condition: readonly string[],
  command: CommandReference | undefined,
  option: Option,
): string {
  const { name, letter, describe } = option;
  const value = valueAfter(command, option);
  const letterWords = letter === undefined ? [] : ['-s', letter];
  const valueWords = value === undefined ? [] : ['-r', ...offered(value)];
  return line(...condition, '-l', name, ...letterWords, ...valueWords, '-d', quoted(describe));
}

function positionalLine(command: CommandReference, positional: Positional, index: number): string {
  const at = `__wfctl_at ${command.verb}${positional.isVariadic ? '' : ` ${index}`}`;
  return line('-n', quoted(at), '-k', ...offered(valueFor(command.verb, positional)));
}

/** -k keeps the order: the newest run comes first. */
function offered(value: Value): readonly string[] {
  switch (value.kind) {
    case 'words':
      return ['-f', '-a', quoted(value.words.join(' '))];
    case 'asked':
      return ['-f', '-a', quoted([...value.words, `(__wfctl_ask ${value.question.join(' ')})`].join(' '))];
    case 'file':
      return ['-F'];
    case 'directory':
      return ['-f', '-a', quoted('(__fish_complete_directories)')];
    case 'user':
      return ['-f', '-a', quoted('(__fish_complete_users)')];
    case 'anything':
      return ['-f'];
    default:
      return value satisfies never;
  }
}

/** Options that take the next word, each with its command: `service --user` takes none. */
function valueCases({ commands, options }: Reference): string[] {
  const named = commands.flatMap(({ verb, options }) =>
    options.filter(takesValue).map(({ name }) => `${verb} --${name}`),
  );
  const global = options.filter(takesValue).map(({ name }) => `* --${name}`);
  return [`            case ${[...named, ...global].map(quoted).join(' ')}`];
}

function takesValue({ takesValue }: Option): boolean {
  return takesValue;
}

function line(...words: readonly string[]): string {
  return `complete -c wfctl ${words.join(' ')}`;
}

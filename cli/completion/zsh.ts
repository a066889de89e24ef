/** Completion for zsh: specifications of `_arguments` (zshcompsys(1)), made of the commands. */
import type { CommandReference, Option } from './reference.ts';
import { commonOptions, ownOptions, quoted, type Reference, valueAfter } from './script.ts';
import { type Value, valueFor } from './values.ts';

export function zshScript(reference: Reference): string {
  const { commands, version } = reference;
  return `#compdef wfctl
# Completes the commands of wfctl ${version} in zsh. Printed by: wfctl completion zsh

_wfctl() {
  local curcontext=$curcontext state ret=1
  local -a line socket
  local -A opt_args
  local program=\${~\${(Q)words[1]}} at=\${words[(i)--socket]}
  (( at < CURRENT - 1 )) && socket=(--socket "\${words[at + 1]}")

  _arguments -C \\
${indented(4, [...commonOptions(reference).map((option) => optionSpec(undefined, option)), "'1:command:_wfctl_commands'", "'*::argument:->arguments'"])} && ret=0
  [[ $state == arguments ]] || return ret
  case $words[1] in
${commands.map((command) => caseOf(reference, command)).join('\n')}
  esac
  return ret
}

_wfctl_commands() {
  local -a commands=(
${commands.map(({ verb, summary }) => `    ${quoted(`${verb}:${withoutColons(summary)}`)}`).join('\n')}
  )
  _describe -t commands command commands
}

# _wfctl_asked WHAT QUESTION [WORD ...]: fixed words, and those that the daemon knows.
_wfctl_asked() {
  local -a found=(\${@[3,-1]}) told
  told=("\${(@f)$(_call_program $1 "\${(q)program} __complete \${(j: :)\${(@q)socket}} $2 \${(q)line[1]}")}")
  # Each is a word, a tab, a description; _describe wants a colon between them.
  told=(\${told//:/\\\\:})
  found+=(\${told//$'\\t'/:})
  _describe -V -t $1 $1 found
}

# Read from a directory of fpath it is the function itself; sourced, it says what it is for.
if [[ $funcstack[1] == _wfctl ]]; then _wfctl "$@"; else compdef _wfctl wfctl; fi
`;
}

function caseOf(reference: Reference, command: CommandReference): string {
  const options = [...ownOptions(command), ...commonOptions(reference)].map((option) =>
    optionSpec(command, option),
  );
  const names = command.positionals.map((positional, index) => {
    const place = positional.isVariadic ? '*' : index + 1;
    return quoted(
      `${place}:${positional.name}:${action(positional.name, valueFor(command.verb, positional))}`,
    );
  });
  return `    ${command.verb})\n      _arguments \\\n${indented(8, [...options, ...names])} && ret=0\n      ;;`;
}

/** `'--json[As JSON]'`, `'*--label=[…]:label: '`, `'(-f --follow)'{-f,--follow}'[…]'` */
function optionSpec(command: CommandReference | undefined, option: Option): string {
  const { name, letter, isRepeatable } = option;
  const value = valueAfter(command, option);
  const end = quoted(
    `[${withoutColons(option.describe).replaceAll(/[[\]]/g, '\\$&')}]${value === undefined ? '' : `:${name}:${action(name, value)}`}`,
  );
  const sign = value === undefined ? '' : '=';
  if (letter !== undefined) return `'(-${letter} --${name})'{-${letter},--${name}${sign}}${end}`;
  return `${isRepeatable ? "'*'" : ''}--${name}${sign}${end}`;
}

function action(name: string, value: Value): string {
  switch (value.kind) {
    case 'words':
      return `(${value.words.join(' ')})`;
    case 'asked':
      return `{_wfctl_asked ${[name, `"${value.question.join(' ')}"`, ...value.words].join(' ')}}`;
    case 'file':
      return '_files';
    case 'directory':
      return '_files -/';
    case 'user':
      return '_users';
    case 'anything':
      return ' ';
    default:
      return value satisfies never;
  }
}

function withoutColons(text: string): string {
  return text.replaceAll(':', '\\:');
}

function indented(blanks: number, lines: readonly string[]): string {
  return lines.map((line) => `${' '.repeat(blanks)}${line}`).join(' \\\n');
}

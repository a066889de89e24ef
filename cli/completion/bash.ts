/** Completion for bash: one function that reads the line up to the cursor, and tables made of the commands. */
import type { CommandReference, Option } from './reference.ts';
import { commonOptions, ownOptions, quoted, type Reference, valueAfter } from './script.ts';
import { type Value, valueFor } from './values.ts';

export function bashScript(reference: Reference): string {
  const { commands, version } = reference;
  return `# Completes the commands of wfctl ${version} in bash. Printed by: wfctl completion bash
_wfctl() {
  COMPREPLY=()
  # bash takes words apart at = and : (COMP_WORDBREAKS); those that no blank divides are one.
  local words=() rest=$COMP_LINE word at
  for ((at = 0; at <= COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if [[ \${#words[@]} == 0 || $rest == [[:space:]]* ]]; then words+=("$word"); else words[-1]+=$word; fi
    rest=\${rest#"\${rest%%[![:space:]]*}"}
    rest=\${rest:\${#word}}
  done
  local typed=\${words[-1]} verb='' names=() option='' socket=() kind fixed
  for word in "\${words[@]:1:\${#words[@]}-2}"; do
    if [[ -n $option ]]; then
      [[ $option != --socket ]] || socket=(--socket "$word")
      option=''
    elif [[ $word == -* ]]; then
      _wfctl_kind "$verb" "$word"
      [[ -z $kind ]] || option=$word
    elif [[ -z $verb ]]; then verb=$word
    else names+=("$word")
    fi
  done
  if [[ -z $option && $typed == --*=* ]]; then
    option=\${typed%%=*}
    typed=\${typed#*=}
  fi
  if [[ -n $option ]]; then
    # name=value: what is completed is the value
    [[ $option != --input ]] || typed=\${typed#*=}
    _wfctl_kind "$verb" "$option"
  elif [[ $typed == -* ]]; then
    kind=words fixed="$(_wfctl_options "$verb")"
  elif [[ -z $verb ]]; then
    kind=words fixed=${quoted(commands.map(({ verb }) => verb).join(' '))}
  else
    _wfctl_kind "$verb" "\${#names[@]}"
  fi
  case $kind in
    file) compopt -o default ;;
    directory) compopt -o dirnames ;;
    user) mapfile -t COMPREPLY < <(compgen -u -- "$typed") ;;
    words) _wfctl_offer <<<"\${fixed// /$'\\n'}" ;;
    asked*)
      # Runs come newest first. Bash 4.3 sorts all the same.
      compopt -o nosort 2>/dev/null
      [[ -z $fixed ]] || _wfctl_offer <<<"\${fixed// /$'\\n'}"
      # shellcheck disable=SC2086 # several words
      _wfctl_offer < <("\${words[0]/#\\~/$HOME}" __complete "\${socket[@]}" \${kind#asked } "\${names[0]}" 2>/dev/null)
      ;;
  esac
}

# Of the lines of its input those that go on from what was typed, up to a tab, as the line must have them.
_wfctl_offer() {
  local word begun=\${typed#[\\'\\"]}
  begun=\${begun//\\\\/}
  while IFS=$'\\t' read -r word _; do
    [[ -n $word && $word == "$begun"* ]] || continue
    [[ $typed == [\\'\\"]* ]] || printf -v word %q "$word"
    COMPREPLY+=("$word")
  done
}

# What stands after an option, or as the nth name: sets kind (empty: nothing does) and fixed.
_wfctl_kind() {
  kind='' fixed=''
  case "$1 $2" in
${kindCases(reference).join('\n')}
  esac
}

_wfctl_options() {
  case $1 in
${commands.map((command) => `    ${command.verb}) echo ${quoted(namesOf([...ownOptions(command), ...commonOptions(reference)]))} ;;`).join('\n')}
    *) echo ${quoted(namesOf(commonOptions(reference)))} ;;
  esac
}

complete -F _wfctl wfctl
`;
}

function namesOf(options: readonly Option[]): string {
  return options.map(({ name }) => `--${name}`).join(' ');
}

function kindCases({ commands, options }: Reference): string[] {
  return [
    ...commands.flatMap((command) => [
      ...command.positionals.map((positional, index) =>
        caseLine(
          positional.isVariadic ? `'${command.verb} '[0-9]*` : `'${command.verb} ${index}'`,
          valueFor(command.verb, positional),
        ),
      ),
      ...command.options.flatMap((option) => optionCase(`'${command.verb} `, command, option)),
    ]),
    ...options.flatMap((option) => optionCase(`*' `, undefined, option)),
  ];
}

function optionCase(begin: string, command: CommandReference | undefined, option: Option): string[] {
  const value = valueAfter(command, option);
  return value === undefined ? [] : [caseLine(`${begin}--${option.name}'`, value)];
}

function caseLine(pattern: string, value: Value): string {
  const kind = value.kind === 'asked' ? `asked ${value.question.join(' ')}` : value.kind;
  const words = 'words' in value && value.words.length > 0 ? ` fixed=${quoted(value.words.join(' '))}` : '';
  return `    ${pattern}) kind=${quoted(kind)}${words} ;;`;
}

import type { Described } from './described.ts'

/** The shells that are known, each with the script that completes the command in it. */
export const scripts: Readonly<Record<'bash' | 'zsh' | 'fish', (commands: readonly Described[]) => string>> = {
  bash,
  // Zsh runs what is written for bash.
  zsh: (commands) =>
    `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`,
  fish,
}

/** Words are completed by the shell alone, so no process starts. */
function bash(commands: readonly Described[]): string {
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap((option) =>
      option.values.length === 0 ? [] : [`    '${name} ${option.name}') ${reply(option.values)}; return ;;`],
    ),
  )
  const options = commands.map(({ name, options: all }) => `    ${name}) ${reply(all.map((option) => option.name))} ;;`)
  return `_poolsafe() {
  local word="\${COMP_WORDS[COMP_CWORD]}" command="\${COMP_WORDS[1]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    ${reply(commands.map(({ name }) => name))}
    return
  fi
  case "$command $previous" in
${values.join('\n')}
  esac
  case "$word" in -*) ;; *) return ;; esac
  case "$command" in
${options.join('\n')}
  esac
}
complete -o default -F _poolsafe poolsafe
`
}

function reply(words: readonly string[]): string {
  return `COMPREPLY=($(compgen -W '${words.join(' ')}' -- "$word"))`
}

function fish(commands: readonly Described[]): string {
  const names = commands.map(
    ({ name, description }) => `complete -c poolsafe -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
  )
  const options = commands.flatMap(({ name, options: all }) =>
    all.map(({ name: option, description, takesValue, values }) =>
      [
        `complete -c poolsafe -n '__fish_seen_subcommand_from ${name}' -l ${option.replace(/^--/, '')}`,
        ...(values.length > 0 ? [`-x -a '${values.join(' ')}'`] : takesValue ? ['-r'] : []),
        `-d ${quoted(description)}`,
      ].join(' '),
    ),
  )
  return `${[...names, ...options].join('\n')}\n`
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`
}

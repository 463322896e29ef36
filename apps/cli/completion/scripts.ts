import type { CommandWords, OptionWords } from './words.js';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export function completionScript(shell: Shell, words: readonly CommandWords[]): string {
  switch (shell) {
    case 'bash':
      return bash(words);
    case 'zsh':
      return zsh(words);
    case 'fish':
      return fish(words);
  }
}

const topLevel = (words: readonly CommandWords[]) => words.filter(({ path }) => !path.includes(' '));

function bash(words: readonly CommandWords[]): string {
  const cases = words.map(({ path, subcommands, options }) => {
    const offered = [...subcommands, ...options.map((option) => option.name)].join(' ');
    return `    '${path}') words='${offered}' ;;`;
  });
  return `# sluice: completion for bash. Use: eval "$(sluice completion bash)"
_sluice() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="\${COMP_WORDS[1]}" words=''
  case "$prev" in
${valueCases(words)}
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${topLevel(words)
      .map(({ path }) => path)
      .join(' ')}' -- "$cur"))
    return
  fi
  case " ${withSubcommands(words)} " in
    *" $path "*) [ "$COMP_CWORD" -gt 2 ] && path="$path \${COMP_WORDS[2]}" ;;
  esac
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _sluice sluice
`;
}

/** What follows an option that takes a value, the same whatever the command. */
function valueCases(words: readonly CommandWords[]): string {
  const lines = new Map<string, string>();
  for (const option of words.flatMap(({ options }) => options)) {
    const reply = bashReply(option);
    if (reply) lines.set(option.name, `    ${option.name}) COMPREPLY=(${reply}); return ;;`);
  }
  return [...lines.values()].join('\n');
}

function bashReply({ choices, takes }: OptionWords): string | undefined {
  if (choices.length > 0) return `$(compgen -W '${choices.join(' ')}' -- "$cur")`;
  if (takes === 'folder') return '$(compgen -d -- "$cur")';
  if (takes === 'file') return '$(compgen -f -- "$cur")';
  return takes === 'text' ? '' : undefined;
}

function withSubcommands(words: readonly CommandWords[]): string {
  return words
    .filter(({ subcommands }) => subcommands.length > 0)
    .map(({ path }) => path)
    .join(' ');
}

/** `path` is not free for use in zsh: there it is the search path itself. */
function zsh(words: readonly CommandWords[]): string {
  const cases = words.map(
    ({ path, subcommands, options }) =>
      `    '${path}') _arguments '*:: :->rest' ${options.map(zshOption).join(' ')}${
        subcommands.length > 0 ? ` '1:command:(${subcommands.join(' ')})'` : ''
      } ;;`,
  );
  const commands = topLevel(words).map(({ path, summary }) => `    ${quote(`${path}:${summary}`)}`);
  return `#compdef sluice
# sluice: completion for zsh. Use: eval "$(sluice completion zsh)"
_sluice() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local cmd="\${words[2]}"
  case " ${withSubcommands(words)} " in
    *" $cmd "*) (( CURRENT > 3 )) && cmd="$cmd \${words[3]}" ;;
  esac
  shift words; (( CURRENT-- ))
  case "$cmd" in
${cases.join('\n')}
  esac
}
compdef _sluice sluice
`;
}

function zshOption({ name, summary, choices, takes }: OptionWords): string {
  const value =
    choices.length > 0
      ? `:value:(${choices.join(' ')})`
      : { nothing: '', folder: ':folder:_files -/', file: ':file:_files', text: ':value:' }[takes];
  return quote(`${name}[${summary.replace(/[[\]:]/g, '\\$&')}]${value}`);
}

function fish(words: readonly CommandWords[]): string {
  const lines = words.flatMap((command) => fishCommand(command));
  return `# sluice: completion for fish. Use: sluice completion fish | source
complete -c sluice -f
${lines.join('\n')}
`;
}

function fishCommand({ path, summary, options }: CommandWords): string[] {
  const [command = '', child] = path.split(' ');
  const place = child ? `'__fish_seen_subcommand_from ${command}'` : '__fish_use_subcommand';
  const within = child
    ? `'__fish_seen_subcommand_from ${command}; and __fish_seen_subcommand_from ${child}'`
    : `'__fish_seen_subcommand_from ${command}'`;
  return [
    `complete -c sluice -n ${place} -a ${child ?? command} -d ${quote(summary)}`,
    ...options.map(
      (option) =>
        `complete -c sluice -n ${within} -l ${option.name.slice(2)} -d ${quote(option.summary)}${fishValue(option)}`,
    ),
  ];
}

function fishValue({ choices, takes }: OptionWords): string {
  if (choices.length > 0) return ` -x -a '${choices.join(' ')}'`;
  return { nothing: '', folder: " -x -a '(__fish_complete_directories)'", file: ' -r -F', text: ' -x' }[takes];
}

/** Single quotes in the way all three shells understand. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

interface Words {
  /** `deploy`, or `targets create`. */
  readonly path: readonly string[];
  readonly summary: string;
  readonly next: readonly string[];
}

/** Every command with the words that may follow it, read off the program itself, so that none is forgotten. */
function wordsOf(program: Command): Words[] {
  const walk = (command: Command, path: readonly string[]): Words[] => {
    const options = command.options
      .filter((option) => !option.hidden)
      .map((option) => option.long ?? option.short ?? '');
    const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
    const own = {
      path,
      summary: command.summary() || command.description(),
      next: [...options, ...choices, ...command.commands.map((one) => one.name())],
    };
    return [own, ...command.commands.flatMap((one) => walk(one, [...path, one.name()]))];
  };
  return walk(program, []);
}

export function script(shell: Shell, program: Command): string {
  const words = wordsOf(program);
  switch (shell) {
    case 'bash':
      return bash(words);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(words)}`;
    case 'fish':
      return fish(words);
  }
}

function bash(words: readonly Words[]): string {
  const cases = words
    .filter(({ path }) => path.length > 0)
    .sort((left, right) => right.path.length - left.path.length)
    .map(({ path, next }) => `    "${path.join(' ')}"*) words="${next.join(' ')}" ;;`);
  const top = words.find(({ path }) => path.length === 0)?.next.join(' ') ?? '';
  return [
    '_sluice() {',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: these are the shell's own expansions.
    '  local current="${COMP_WORDS[COMP_CWORD]}" line="${COMP_WORDS[*]:1:COMP_CWORD-1}" words',
    '  case "$line" in',
    ...cases,
    `    *) words="${top}" ;;`,
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    'complete -o default -F _sluice sluice',
    '',
  ].join('\n');
}

function fish(words: readonly Words[]): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "\\'")}'`;
  const lines = words.flatMap(({ path, summary, next }) => {
    const [command] = path;
    if (!command) return [];
    const condition = path.length === 1 ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.at(-2)}`;
    const self = `complete -c sluice -f -n ${quoted(condition)} -a ${path.at(-1)} -d ${quoted(summary)}`;
    const options = next
      .filter((word) => word.startsWith('--'))
      .map(
        (word) => `complete -c sluice -n ${quoted(`__fish_seen_subcommand_from ${path.at(-1)}`)} -l ${word.slice(2)}`,
      );
    return [self, ...options];
  });
  return `${lines.join('\n')}\n`;
}

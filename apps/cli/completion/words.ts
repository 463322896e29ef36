import type { Command, Option } from 'commander';

/** What can follow one command. */
export interface CommandWords {
  /** `deploy`, or `targets create` for a subcommand. */
  readonly path: string;
  readonly summary: string;
  readonly subcommands: readonly string[];
  readonly options: readonly OptionWords[];
}

export interface OptionWords {
  readonly name: string;
  readonly summary: string;
  readonly choices: readonly string[];
  /** What to offer after it: folders, files, or nothing known. */
  readonly takes: 'nothing' | 'folder' | 'file' | 'text';
}

/** Read off the program itself, so that completion cannot fall behind it. */
export function completionWords(program: Command): CommandWords[] {
  const shared = program.options.filter((option) => !option.hidden).map(optionWords);
  return visible(program).flatMap((command) => [
    wordsOf(command, command.name(), shared),
    ...visible(command).map((child) => wordsOf(child, `${command.name()} ${child.name()}`, shared)),
  ]);
}

function wordsOf(command: Command, path: string, shared: readonly OptionWords[]): CommandWords {
  return {
    path,
    summary: command.summary() || command.description(),
    subcommands: visible(command).map((child) => child.name()),
    options: [...command.options.filter((option) => !option.hidden).map(optionWords), ...shared],
  };
}

function visible(command: Command): readonly Command[] {
  return command.commands.filter((child) => !(child as Command & { _hidden?: boolean })._hidden);
}

function optionWords(option: Option): OptionWords {
  return {
    name: option.long ?? option.flags,
    summary: option.description,
    choices: option.argChoices ?? [],
    takes: takes(option),
  };
}

function takes(option: Option): OptionWords['takes'] {
  if (!option.required && !option.optional) return 'nothing';
  if (/<folder>/.test(option.flags)) return 'folder';
  return /file/.test(option.flags) ? 'file' : 'text';
}

import { Argument, type Command } from 'commander';
import { exitCodes } from '../exit-codes.js';
import { type Shell, script, shells } from '../render/completion.js';
import type { Runner } from './runner.js';

export function addCompletion(program: Command, runner: Runner): void {
  program
    .command('completion')
    .summary('print the completion script of a shell')
    .description(
      'Prints a completion script. bash: eval "$(sluice completion bash)" in ~/.bashrc; zsh: the same in ~/.zshrc; fish: sluice completion fish | source.',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action((shell: Shell, _options: object, command: Command) =>
      runner.run(command, async ({ screen }) => {
        screen.out(script(shell, program));
        return exitCodes.ok;
      }),
    );
}

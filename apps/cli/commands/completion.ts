import { Argument, type Command } from 'commander';
import { completionScript, type Shell, shells } from '../completion/scripts.js';
import { completionWords } from '../completion/words.js';
import { exitCodes } from '../exit-codes.js';
import type { Runner } from './runner.js';

export function addCompletion(program: Command, runner: Runner): void {
  program
    .command('completion')
    .summary('print a completion script for your shell')
    .description(
      'Prints a completion script. bash and zsh: eval "$(sluice completion bash)"; fish: sluice completion fish | source.',
    )
    .addArgument(new Argument('<shell>', 'your shell').choices([...shells]))
    .action((shell: Shell, _options: object, command: Command) =>
      runner.run(command, async (session) => {
        session.screen.out(completionScript(shell, completionWords(program)));
        return exitCodes.ok;
      }),
    );
}

import { Command } from 'commander';
import { addActs } from './commands/act.js';
import { addAsk } from './commands/ask.js';
import { addCompletion } from './commands/completion.js';
import { addDemo } from './commands/demo.js';
import { addDeploy } from './commands/deploy.js';
import { addDoctor } from './commands/doctor.js';
import { addLook } from './commands/look.js';
import { addPutBack } from './commands/put-back.js';
import type { Runner } from './commands/runner.js';
import { addTargets } from './commands/targets.js';
import { exitCodeMeanings } from './exit-codes.js';

/** Every command, without running any: also what completion and the documentation test read. */
export function createProgram(runner: Runner): Command {
  const program = new Command('sluice')
    .description('Ships AWS Lambda changes a few percent at a time, and puts the old version back by itself.')
    .option('--url <address>', 'where Sluice is (or SLUICE_URL; default http://127.0.0.1:3000)')
    .option('--key <key>', 'the API key (better: SLUICE_API_KEY, or the key file of a local Sluice)')
    .option('--json', 'answer in JSON, for scripts')
    .option('--debug', 'show where an unexpected failure came from')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showHelpAfterError('("sluice help" lists the commands, "sluice COMMAND --help" explains one)')
    .addHelpText('after', `\nExit codes:\n${exitCodeLines().join('\n')}\n\nExamples: docs/cli.md`);
  addDeploy(program, runner);
  addLook(program, runner);
  addActs(program, runner);
  addPutBack(program, runner);
  addAsk(program, runner);
  addTargets(program, runner);
  addDoctor(program, runner);
  addDemo(program, runner);
  addCompletion(program, runner);
  return program;
}

function exitCodeLines(): string[] {
  return Object.entries(exitCodeMeanings).map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`);
}

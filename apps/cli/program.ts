import { Command, CommanderError } from 'commander';
import { addActs } from './commands/act.js';
import { addCompletion } from './commands/completion.js';
import { addDemo } from './commands/demo.js';
import { addDeploy } from './commands/deploy.js';
import { addDoctor } from './commands/doctor.js';
import { addLook } from './commands/look.js';
import { addPutBack } from './commands/put-back.js';
import type { Runner, Work } from './commands/runner.js';
import { addTargets } from './commands/targets.js';
import { type GlobalOptions, Session } from './connection/session.js';
import { type Context, printJson } from './context.js';
import { type ExitCode, exitCodeMeanings, exitCodes } from './exit-codes.js';
import { asFailure, failureJson, failureLines } from './render/failure.js';

/** The whole program; `keep` receives the exit code of the command that ran. */
export function createProgram(context: Context, keep: (code: ExitCode) => void): Command {
  const program = new Command('sluice')
    .description('Ships AWS Lambda changes a few percent at a time, and puts the old version back by itself.')
    .option('--url <address>', 'where Sluice is; default: SLUICE_URL, else http://127.0.0.1:3000')
    .option('--key <key>', 'API key; default: SLUICE_API_KEY, else the file .sluice/api-key of a local Sluice')
    .option('--json', 'answer in JSON')
    .option('--debug', 'show where an unexpected error came from')
    .helpCommand('help [command]', 'what a command does and takes')
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: (text) => context.screen.out(text), writeErr: (text) => context.screen.err(text) });
  const runner: Runner = { run: async (command, work) => keep(await perform(context, command, work)) };
  addDeploy(program, runner);
  addLook(program, runner);
  addPutBack(program, runner);
  addActs(program, runner);
  addTargets(program, runner);
  addDoctor(program, runner);
  addDemo(program, runner);
  addCompletion(program, runner);
  for (const command of everyCommand(program)) command.copyInheritedSettings(program);
  program.addHelpText('after', `\nExit codes:\n${exitCodeLines().join('\n')}`);
  return program;
}

/** Runs `argv` (without node and script) and returns the exit code; never throws. */
export async function runProgram(context: Context, argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  const program = createProgram(context, (kept) => {
    code = kept;
  });
  if (argv.length === 0) {
    program.outputHelp();
    return exitCodes.ok;
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has already said what was wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.error;
    return fail(context, error, argv.includes('--json'), argv.includes('--debug'));
  }
}

async function perform(context: Context, command: Command, work: Work): Promise<ExitCode> {
  const options = command.optsWithGlobals<GlobalOptions>();
  let session: Session | undefined;
  try {
    session = new Session(context, options);
    return await work(session);
  } catch (error) {
    if (context.interrupted.aborted) return exitCodes.interrupted;
    return fail(context, session ? session.explain(error) : error, options.json ?? false, options.debug ?? false);
  }
}

function fail(context: Context, error: unknown, json: boolean, debug: boolean): ExitCode {
  const failure = asFailure(error);
  const { screen } = context;
  if (json) printJson(screen, failureJson(failure));
  else for (const line of failureLines(screen.errStyle, failure)) screen.err(`${line}\n`);
  if (debug) screen.err(`${(failure.cause instanceof Error ? failure.cause : failure).stack ?? ''}\n`);
  return failure.exitCode;
}

function everyCommand(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...everyCommand(one)]);
}

function exitCodeLines(): string[] {
  return Object.entries(exitCodeMeanings).map(([code, meaning]) => `  ${code.padStart(3)}  ${meaning}`);
}

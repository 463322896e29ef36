import { type Command, CommanderError } from 'commander';
import type { Runner, Work } from './commands/runner.js';
import { type GlobalOptions, Session } from './connection/session.js';
import type { Context } from './context.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import type { Failure } from './failure.js';
import { createProgram } from './program.js';
import { asFailure, failureJson, failureLines } from './render/failure.js';

/** Runs one command line (without `node` and the program's name) and answers with its exit code. Never throws. */
export async function run(args: readonly string[], context: Context): Promise<ExitCode> {
  const runner = new OneRun(context);
  const program = createProgram(runner);
  const { screen } = context;
  const prepare = (command: Command): void => {
    command.exitOverride().configureOutput({
      writeOut: (text) => screen.out(text),
      writeErr: (text) => screen.err(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'sluice: ')),
      getOutHelpWidth: () => screen.style.columns ?? 100,
      getErrHelpWidth: () => screen.errStyle.columns ?? 100,
      getOutHasColors: () => screen.style.colour,
      getErrHasColors: () => screen.errStyle.colour,
    });
    for (const child of command.commands) prepare(child);
  };
  prepare(program);
  if (args.length === 0) {
    program.outputHelp();
    return exitCodes.ok;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return runner.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.error;
    return report(context, program.opts<GlobalOptions>(), asFailure(error), error);
  }
}

class OneRun implements Runner {
  exitCode: ExitCode = exitCodes.ok;

  constructor(private readonly context: Context) {}

  async run(command: Command, work: Work): Promise<void> {
    const session = new Session(this.context, command.optsWithGlobals<GlobalOptions>());
    try {
      this.exitCode = await work(session);
    } catch (error) {
      throw session.explain(error);
    }
  }
}

function report(context: Context, options: GlobalOptions, failure: Failure, error: unknown): ExitCode {
  const { screen } = context;
  if (options.json) screen.err(`${JSON.stringify(failureJson(failure))}\n`);
  else for (const line of failureLines(screen.errStyle, failure)) screen.err(`${line}\n`);
  if (options.debug) screen.err(`\n${traceOf(error)}\n`);
  return failure.exitCode;
}

/** The stack and those of its causes: what `--debug` is for. */
function traceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by: ${traceOf(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}

import { systemClock } from './clock.js';
import { readEnvironment } from './config.js';
import { createScreen } from './context.js';
import { runProgram } from './program.js';

const environment = readEnvironment();
const interruption = new AbortController();
// The first Ctrl-C ends a watch in order; a second one ends the process as usual.
process.once('SIGINT', () => interruption.abort());

const code = await runProgram(
  {
    environment,
    cwd: process.cwd(),
    clock: systemClock,
    screen: createScreen(process.stdout, process.stderr, environment),
    interrupted: interruption.signal,
  },
  process.argv.slice(2),
);
process.exitCode = interruption.signal.aborted ? 130 : code;

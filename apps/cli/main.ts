import { systemClock } from './clock.js';
import { readEnvironment } from './config.js';
import { createScreen } from './context.js';
import { exitCodes } from './exit-codes.js';
import { run } from './run.js';

/** How long a command may tidy up after Ctrl-C; a second Ctrl-C does not wait. */
const LEAVE_WITHIN_MS = 1000;

const environment = readEnvironment();
const interrupt = new AbortController();

process.on('SIGINT', () => {
  if (interrupt.signal.aborted) process.exit(exitCodes.interrupted);
  interrupt.abort();
  void systemClock.sleep(LEAVE_WITHIN_MS).then(() => process.exit(exitCodes.interrupted));
});

// `sluice history | head` closes the pipe before everything is written; that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.error),
);

process.exitCode = await run(process.argv.slice(2), {
  environment,
  cwd: process.cwd(),
  clock: systemClock,
  screen: createScreen(process.stdout, process.stderr, environment),
  interrupted: interrupt.signal,
});
// A command that was interrupted while it waited for an answer ends here as interrupted, whatever it returned.
if (interrupt.signal.aborted) process.exit(exitCodes.interrupted);

import { fileURLToPath } from 'node:url';
import { createLogger, systemClock } from '#runtime';
import { forgetAwsCredentials, quietAwsSdk, readStandaloneConfig } from './config.js';
import { explain } from './problem.js';
import { startStandalone } from './start.js';
import { welcome } from './welcome.js';

/** npm passes a Ctrl-C on although the terminal has sent it to us already: within this time it is the same one. */
const SAME_SIGNAL_MS = 1_000;

/** `examples/` of this checkout, two levels up from `dist/apps/standalone`, or from `apps/standalone`. */
function examplesDir(): string {
  const up = import.meta.url.includes('/dist/apps/') ? '../../../examples' : '../../examples';
  return fileURLToPath(new URL(up, import.meta.url));
}

async function main(): Promise<void> {
  quietAwsSdk();
  const stop = stopSignal();
  const config = readStandaloneConfig();
  if (config.emulator.enabled) forgetAwsCredentials();
  const logger = createLogger({ level: config.logLevel, name: 'sluice' });
  const sluice = await startStandalone({
    config,
    clock: systemClock,
    logger,
    examplesDir: examplesDir(),
    signal: stop,
  });
  console.log(welcome(sluice, config));
  try {
    await Promise.race([sluice.broken, aborted(stop)]);
  } finally {
    console.log('\nStopping: what is under way is finished or kept for the next start (10 seconds at most).');
    await sluice.close();
  }
  console.log('Stopped.');
}

/** Aborts on the first Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  const onSignal = () => {
    if (!controller.signal.aborted) {
      first = systemClock.monotonic();
      controller.abort(new StoppedByPerson());
    } else if (systemClock.monotonic() - first > SAME_SIGNAL_MS) {
      process.exit(130);
    }
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, onSignal);
  return controller.signal;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}

class StoppedByPerson extends Error {}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof StoppedByPerson) {
      console.log('Stopped before everything was started.');
      process.exit(0);
    }
    console.error(
      `\n${explain(error) ?? `Sluice could not go on: ${error instanceof Error ? error.message : String(error)}\nWith SLUICE_LOG_LEVEL=debug it says more.`}\n`,
    );
    process.exit(1);
  },
);

import { readConfig, USAGE } from './config.js';
import { type EmulatorOptions, startEmulator } from './start.js';

/** Flags and addresses go wrong in ways that need a sentence, not a stack. */
function giveUp(error: unknown, more = ''): never {
  console.error(`${error instanceof Error ? error.message : String(error)}${more}`);
  process.exit(2);
}

function configure() {
  try {
    return readConfig(process.argv.slice(2), process.env);
  } catch (error) {
    return giveUp(error, `\n\n${USAGE}`);
  }
}

function announce(url: string, options: EmulatorOptions): void {
  const region = options.region ?? 'us-east-1';
  console.log(`Sluice emulator at ${url}: an imitation of AWS Lambda for laptops and tests. It is NOT AWS.
  export AWS_ENDPOINT_URL=${url} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=${region}
  state: ${options.dataDir ?? 'gone when this ends (--data DIR keeps it)'}`);
  if (options.admin) console.log(`  admin: ${url}/_emulator/`);
  if (options.host !== undefined && !['127.0.0.1', 'localhost', '::1'].includes(options.host))
    console.log(`  WARNING: bound to ${options.host}. Whoever reaches it can run code on this machine.`);
}

const { help, ...options } = configure();
if (help) {
  console.log(USAGE);
  process.exit(0);
}

const emulator = await startEmulator(options).catch((error: unknown) => giveUp(error));
announce(emulator.url, options);

let closing = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (closing) return;
    closing = true;
    void emulator.close().then(() => process.exit(0));
  });

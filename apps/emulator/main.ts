import { readConfig, USAGE } from './config.js';
import { startEmulator } from './start.js';

const { help, ...options } = readConfig(process.argv.slice(2), process.env);
if (help) {
  console.log(USAGE);
  process.exit(0);
}

const emulator = await startEmulator(options);
console.log(`Sluice emulator at ${emulator.url}: an imitation of AWS Lambda for laptops and tests. It is NOT AWS.
  export AWS_ENDPOINT_URL=${emulator.url} AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=${options.region ?? 'us-east-1'}
  state: ${options.dataDir ?? 'in memory, gone when this ends (--data DIR keeps it)'}${options.admin ? `\n  admin: ${emulator.url}/_emulator/` : ''}`);
if (options.host !== undefined && !['127.0.0.1', 'localhost', '::1'].includes(options.host))
  console.log(`  WARNING: bound to ${options.host}. Whoever reaches it can run code on this machine.`);

let closing = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    if (closing) return;
    closing = true;
    void emulator.close().then(() => process.exit(0));
  });

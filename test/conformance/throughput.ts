import { startEmulator } from '../../apps/emulator/start.js';
import { clientFor } from './endpoint.js';
import { RawCaller } from './raw-caller.js';
import { publishTwoVersions } from './two-versions.js';

/**
 * Prints invocations of a trivial handler per second, client and handlers on the same machine:
 * `npm run build && node dist/test/conformance/throughput.js [endpoint]`. Without an endpoint it starts an emulator in
 * its own process, which then shares one core with the client.
 */
const emulator = process.argv[2] === undefined ? await startEmulator({ port: 0, settleMs: 20 }) : undefined;
const url = emulator?.url ?? process.argv[2] ?? '';
const lambda = clientFor(url);
const functionName = await publishTwoVersions(lambda, `throughput-${process.pid}`);
for (const connections of [1, 2, 4, 8]) {
  const caller = new RawCaller(url, connections);
  await caller.invokeMany(200, connections, functionName, '1');
  const { perSecond } = await caller.invokeMany(5000, connections, functionName, '1');
  console.log(`${connections} at a time: ${perSecond} invocations a second`);
  caller.close();
}
lambda.destroy();
await emulator?.close();

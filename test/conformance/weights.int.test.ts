import { CreateAliasCommand, GetAliasCommand } from '@aws-sdk/client-lambda';
import { type Emulator, startEmulator } from '../../apps/emulator/start.js';
import { clientFor } from './endpoint.js';
import { RawCaller } from './raw-caller.js';
import { publishTwoVersions } from './two-versions.js';

const INVOCATIONS = 20_000;
const CALLERS = 8;

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ port: 0, settleMs: 20, seed: 20_261_122 });
});
afterAll(() => emulator.close());

test('10 % of 20,000 invocations reach the weighted version, within the binomial 99.9 % interval', async () => {
  const lambda = clientFor(emulator.url);
  const FunctionName = await publishTwoVersions(lambda);
  const RoutingConfig = { AdditionalVersionWeights: { 2: 0.1 } };
  await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1', RoutingConfig }));
  expect(await lambda.send(new GetAliasCommand({ FunctionName, Name: 'live' }))).toMatchObject({ RoutingConfig });
  lambda.destroy();
  const caller = new RawCaller(emulator.url, CALLERS);
  const { answered, perSecond } = await caller.invokeMany(INVOCATIONS, CALLERS, FunctionName, 'live');
  caller.close();
  process.stderr.write(`weights: ${JSON.stringify(answered)}, ${perSecond} invocations a second, client included\n`);
  // 20,000 draws at 10 %: 2,000 expected, standard deviation 42.4; 99.9 % of the time within 3.29 of them.
  expect(answered['1']).toBe(INVOCATIONS - (answered['2'] ?? 0));
  expect(answered['2']).toBeGreaterThan(1860);
  expect(answered['2']).toBeLessThan(2140);
}, 180_000);

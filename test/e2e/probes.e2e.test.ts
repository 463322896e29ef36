import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetAliasCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { jest } from '@jest/globals';
import { SluiceProcess } from './sluice-process.js';

jest.setTimeout(120_000);

/** A function that nobody calls: no bake of any length would show anything. */
const sluice = new SluiceProcess({ SLUICE_DEMO_REQUESTS_PER_SECOND: '0' });
beforeAll(() => sluice.start());
afterAll(() => sluice.dispose());

test('a bad version of a quiet function is stopped by its probes, and nobody has met it', async () => {
  const folder = join(sluice.dataDir, 'bad');
  mkdirSync(folder);
  const code = 'export const handler = (order) => ({ orderId: order.orderId, total: order.items.length });\n';
  writeFileSync(join(folder, 'index.mjs'), code);
  const probes = join(sluice.dataDir, 'probes.jsonl');
  writeFileSync(probes, '{"orderId":"p1","items":[]}\n{"orderId":"p2-4711"}\n');
  const asked = ['deploy', 'checkout', '--dir', folder, '--probes', probes, '--watch'];

  const refused = await sluice.sluice(...asked);
  expect(refused.code).not.toBe(0);
  expect(refused.stdout + refused.stderr).toContain('is not marked safe to probe');

  expect((await sluice.sluice('targets', 'update', 'checkout', '--probes-safe')).code).toBe(0);
  const stopped = await sluice.sluice(...asked);
  expect(stopped.code).not.toBe(0);
  expect(stopped.stdout + stopped.stderr).toMatch(
    /fails 1 of 2 probes that the stable version answers, payload 2 first/,
  );
  expect(stopped.stdout + stopped.stderr + sluice.output).not.toContain('4711');

  const credentials = { accessKeyId: '000000000000', secretAccessKey: 'not-a-secret' };
  const lambda = new LambdaClient({ endpoint: sluice.emulatorUrl, region: 'us-east-1', credentials });
  const alias = await lambda.send(new GetAliasCommand({ FunctionName: 'checkout', Name: 'live' }));
  lambda.destroy();
  expect(alias.FunctionVersion).toBe('1');
  expect(alias.RoutingConfig?.AdditionalVersionWeights ?? {}).toEqual({});
});

import { LambdaClient } from '@aws-sdk/client-lambda';
import type { Clock } from '#runtime';
import { DEMO_ALIAS, DEMO_FUNCTION, ensureDemoFunction } from './demo-function.js';
import { ensureDemoTarget } from './demo-target.js';
import { startTraffic } from './traffic.js';

/**
 * A walk through the demo takes two minutes, not half an hour: its rollouts exclude a rise of three points (the default
 * at this traffic is half a point), and hold the old version back for thirty seconds (the default is half an hour).
 * The latency margins are wide because the demo answers in milliseconds, on a laptop that also does other things.
 */
export const DEMO_ANALYSIS = {
  minimumExcess: 0.03,
  advanceNull: { offset: 0.03 },
  latency: [
    { quantile: 0.5, minimumExcess: 0.2, margin: 0.3 },
    { quantile: 0.9, minimumExcess: 0.15, margin: 0.2 },
    { quantile: 0.99, minimumExcess: 0.1, margin: 0.15 },
  ],
  bake: { bakeMs: 30_000, maximumBakeMs: 90_000 },
};

export interface DemoOptions {
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly emulatorUrl: string;
  readonly region: string;
  readonly accountId: string;
  readonly examplesDir: string;
  readonly requestsPerSecond: number;
  readonly clock: Clock;
}

/** A function with an alias, a target that points at it, and shoppers who use it. */
export async function startDemo(options: DemoOptions): Promise<{ close(): Promise<void> }> {
  const { region, accountId, clock } = options;
  const lambda = new LambdaClient({
    endpoint: options.emulatorUrl,
    region,
    // Whatever credentials this machine has are for AWS, not for the emulator.
    credentials: { accessKeyId: accountId, secretAccessKey: 'not-a-secret' },
    requestHandler: { httpAgent: { maxSockets: 100 } },
    maxAttempts: 1,
  });
  await ensureDemoFunction(lambda, clock, options.examplesDir);
  await ensureDemoTarget({
    apiUrl: options.apiUrl,
    apiKey: options.apiKey,
    target: {
      name: DEMO_FUNCTION,
      functionName: DEMO_FUNCTION,
      aliasName: DEMO_ALIAS,
      region,
      accountId,
      analysis: DEMO_ANALYSIS,
    },
  });
  const traffic = startTraffic({
    lambda,
    functionName: DEMO_FUNCTION,
    alias: DEMO_ALIAS,
    requestsPerSecond: options.requestsPerSecond,
    clock,
  });
  return {
    async close() {
      await traffic.close();
      lambda.destroy();
    },
  };
}

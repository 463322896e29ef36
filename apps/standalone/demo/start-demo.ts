import { LambdaClient } from '@aws-sdk/client-lambda';
import type { Clock } from '#runtime';
import { DEMO_ALIAS, DEMO_FUNCTION, ensureDemoFunction } from './demo-function.js';
import { ensureDemoTarget } from './demo-target.js';
import { startTraffic } from './traffic.js';

/**
 * A demo rollout sees some hundred requests to the canary, among which one of the function's ordinary errors already
 * looks like an excess of a few per thousand. Only an excess above this fraction counts, so that chance cannot hold it up.
 */
const DEMO_MINIMUM_EXCESS = 0.03;

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
      analysis: { minimumExcess: DEMO_MINIMUM_EXCESS },
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

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  GetAliasCommand,
  type LambdaClient,
  PublishVersionCommand,
  ResourceConflictException,
  ResourceNotFoundException,
} from '@aws-sdk/client-lambda';
import { zipSync } from 'fflate';
import type { Clock } from '#runtime';

export const DEMO_FUNCTION = 'checkout';
export const DEMO_ALIAS = 'live';

/** How long the emulator may take to make the function ready. */
const READY_DEADLINE_MS = 30_000;

/** Puts version 1 of the example behind the alias, as its owner would have done. Does nothing where the alias exists. */
export async function ensureDemoFunction(lambda: LambdaClient, clock: Clock, examplesDir: string): Promise<void> {
  if (await aliasExists(lambda)) return;
  const code = zipSync(
    { 'index.mjs': readFileSync(join(examplesDir, 'checkout', 'v1', 'index.mjs')) },
    { mtime: '1980-01-01' },
  );
  await unlessItExists(
    lambda.send(
      new CreateFunctionCommand({
        FunctionName: DEMO_FUNCTION,
        Runtime: 'nodejs22.x',
        Role: 'arn:aws:iam::000000000000:role/checkout',
        Handler: 'index.handler',
        Code: { ZipFile: code },
        Timeout: 3,
        MemorySize: 128,
        Description: 'The demo of Sluice',
      }),
    ),
  );
  const version = await publishWhenReady(lambda, clock);
  await unlessItExists(
    lambda.send(new CreateAliasCommand({ FunctionName: DEMO_FUNCTION, Name: DEMO_ALIAS, FunctionVersion: version })),
  );
}

async function aliasExists(lambda: LambdaClient): Promise<boolean> {
  try {
    await lambda.send(new GetAliasCommand({ FunctionName: DEMO_FUNCTION, Name: DEMO_ALIAS }));
    return true;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false;
    throw error;
  }
}

/** Lambda refuses to publish while a function is still being made; then it is asked again. */
async function publishWhenReady(lambda: LambdaClient, clock: Clock): Promise<string> {
  const deadline = clock.monotonic() + READY_DEADLINE_MS;
  for (;;) {
    try {
      const published = await lambda.send(new PublishVersionCommand({ FunctionName: DEMO_FUNCTION }));
      if (published.Version) return published.Version;
    } catch (error) {
      if (!(error instanceof ResourceConflictException) || clock.monotonic() > deadline) throw error;
    }
    await clock.sleep(100);
  }
}

/** A start that was interrupted may have got this far already. */
async function unlessItExists(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ResourceConflictException)) throw error;
  }
}

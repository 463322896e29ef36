import { CreateAliasCommand, CreateFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { strToU8, zipSync } from 'fflate';
import { systemClock } from '#runtime';
import { type Emulator, startEmulator } from '../../apps/emulator/start.js';
import type { FunctionAddress } from './address.js';
import type { Outcome } from './faults.js';
import type { FunctionReading } from './function-reading.js';
import { createLambdaControl, type LambdaControl } from './lambda-control.js';

const call = { timeoutMs: 5_000 };
const zip = (body: string) => zipSync({ 'index.mjs': strToU8(`export const handler = async () => ${body};`) });

let emulator: Emulator;
let control: LambdaControl;
let made = 0;

beforeAll(async () => {
  emulator = await startEmulator({ port: 0, admin: true, settleMs: 20 });
  control = createLambdaControl({ endpoint: emulator.url });
});

afterAll(async () => {
  control.close();
  await emulator.close();
});

afterEach(() => fetch(`${emulator.url}/_emulator/faults`, { method: 'DELETE' }));

/** A function of its own for each test: version 1 published, the alias `live` on it. */
async function makeFunction(): Promise<FunctionAddress> {
  made += 1;
  const fn = { accountId: '000000000000', region: 'us-east-1', functionName: `checkout-${made}` };
  const credentials = { accessKeyId: fn.accountId, secretAccessKey: 'any' };
  const client = new LambdaClient({ endpoint: emulator.url, region: fn.region, credentials });
  await client.send(
    new CreateFunctionCommand({
      FunctionName: fn.functionName,
      Role: 'arn:aws:iam::000000000000:role/lambda',
      Runtime: 'nodejs20.x',
      Handler: 'index.handler',
      Code: { ZipFile: zip('"one"') },
      Environment: { Variables: { STAGE: 'live' } },
      Publish: true,
    }),
  );
  await client.send(new CreateAliasCommand({ FunctionName: fn.functionName, Name: 'live', FunctionVersion: '1' }));
  client.destroy();
  await settled(fn);
  return fn;
}

async function settled(fn: FunctionAddress, qualifier = '$LATEST'): Promise<FunctionReading> {
  for (;;) {
    const reading = good(await control.getFunction(fn, qualifier, call));
    if (reading.state !== 'Pending' && reading.lastUpdateStatus !== 'InProgress') return reading;
    await systemClock.sleep(10);
  }
}

function good<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.fault.internal);
  return outcome.value;
}

async function breakOnce(fault: object): Promise<void> {
  await fetch(`${emulator.url}/_emulator/faults`, { method: 'POST', body: JSON.stringify({ count: 1, ...fault }) });
}

async function publishTwo(fn: FunctionAddress): Promise<FunctionReading> {
  const latest = await settled(fn);
  const code = { kind: 'zip', bytes: zip('"two"') } as const;
  const published = good(
    await control.updateFunctionCode(fn, code, { revisionId: latest.revisionId }, { publish: true }, call),
  );
  return settled(fn, published.version);
}

describe('Lambda’s control plane, as the emulator plays it', () => {
  it('walks a rollout with k shifts in two calls and k: each answer carries the next token', async () => {
    const fn = await makeFunction();
    const before = good(await control.getAlias(fn, 'live', call));
    expect(before).toMatchObject({ version: '1', additional: 0 });
    const canary = await publishTwo(fn);
    expect(canary).toMatchObject({ version: '2', state: 'Active' });
    let revisionId = before.revisionId;
    for (const weightPercent of [0.7, 10, 50]) {
      const wanted = { version: '1', canary: { version: '2', weightPercent } };
      const reading = good(await control.updateAlias(fn, 'live', wanted, { revisionId }, call));
      expect(reading).toMatchObject({ ...wanted, additional: 1 });
      revisionId = reading.revisionId;
    }
    const promoted = good(await control.updateAlias(fn, 'live', { version: '2' }, { revisionId }, call));
    expect(promoted).toMatchObject({ version: '2', additional: 0 });
    expect(promoted.canary).toBeUndefined();
  });

  it('refuses a write with a token that somebody else has used up, and nothing changes', async () => {
    const fn = await makeFunction();
    await publishTwo(fn);
    const stale = good(await control.getAlias(fn, 'live', call));
    const other = good(
      await control.updateAlias(fn, 'live', { version: '1' }, { ...stale, description: 'somebody else' }, call),
    );
    const outcome = await control.updateAlias(fn, 'live', { version: '2' }, { revisionId: stale.revisionId }, call);
    expect(outcome).toMatchObject({ ok: false, fault: { code: 'precondition_failed', retry: 'never' } });
    expect(await control.getAlias(fn, 'live', call)).toMatchObject({
      ok: true,
      value: { version: '1', revisionId: other.revisionId },
    });
  });

  it.each(['reset-before', 'reset-after', 'error-after'])(
    'calls a write unknown when its answer is lost (%s), and the read tells',
    async (kind) => {
      const fn = await makeFunction();
      const before = good(await control.getAlias(fn, 'live', call));
      await breakOnce({ kind, operation: 'UpdateAlias', function: fn.functionName });
      const fence = { revisionId: before.revisionId, description: 'written' };
      expect(await control.updateAlias(fn, 'live', { version: '1' }, fence, call)).toMatchObject({
        fault: { retry: 'unknown' },
      });
      const after = good(await control.getAlias(fn, 'live', call));
      expect(after.description).toBe(kind === 'reset-before' ? '' : 'written');
      expect(after.revisionId === before.revisionId).toBe(kind === 'reset-before');
    },
  );

  it('says that an earlier update is still running, so that nobody ever sees the conflict', async () => {
    const fn = await makeFunction();
    const latest = await settled(fn);
    await breakOnce({ kind: 'slow-settle', operation: 'UpdateFunctionConfiguration', delayMs: 200 });
    const patch = { memorySize: 256 };
    const updating = good(
      await control.updateFunctionConfiguration(fn, patch, { revisionId: latest.revisionId }, call),
    );
    expect(updating.lastUpdateStatus).toBe('InProgress');
    const code = { kind: 'zip', bytes: zip('"two"') } as const;
    const early = await control.updateFunctionCode(
      fn,
      code,
      { revisionId: updating.revisionId },
      { publish: true },
      call,
    );
    expect(early).toMatchObject({ ok: false, fault: { code: 'update_in_progress', retry: 'again' } });
    expect(await settled(fn)).toMatchObject({ configuration: { memorySize: 256 } });
  });

  it('takes a configuration-only change with the stable version’s code, and the published version is what was sent', async () => {
    const fn = await makeFunction();
    const stable = good(await control.getFunction(fn, '1', call));
    await publishTwo(fn);
    const code = good(await control.downloadCode(stable, call));
    const restored = good(
      await control.updateFunctionCode(fn, { kind: 'zip', bytes: code }, await settled(fn), { publish: false }, call),
    );
    expect(restored.codeSha256).toBe(stable.codeSha256);
    const patch = { environment: { STAGE: 'live', FLAG: 'on' }, memorySize: 512, description: 'with the flag' };
    await control.updateFunctionConfiguration(fn, patch, await settled(fn), call);
    const latest = await settled(fn);
    const published = good(await control.publishVersion(fn, latest, 'deployment 7', call));
    expect(published).toMatchObject({ version: '3', codeSha256: stable.codeSha256 });
    const version = await settled(fn, '3');
    expect(version.configuration).toEqual({ ...stable.configuration, ...patch, description: 'deployment 7' });
  });

  it('publishes nothing when nothing changed, and refuses code that was not the one seen', async () => {
    const fn = await makeFunction();
    const latest = await settled(fn);
    expect(good(await control.publishVersion(fn, latest, '', call)).version).toBe('1');
    const codeSha256 = Buffer.alloc(32).toString('base64');
    const other = await control.publishVersion(fn, { ...latest, codeSha256 }, '', call);
    expect(other).toMatchObject({ ok: false, fault: { retry: 'never' } });
  });

  it('computes a package’s CodeSha256 without changing anything', async () => {
    const fn = await makeFunction();
    const latest = await settled(fn);
    const code = { kind: 'zip', bytes: zip('"two"') } as const;
    const dry = good(await control.updateFunctionCode(fn, code, latest, { publish: false, dryRun: true }, call));
    expect(dry.codeSha256).not.toBe(latest.codeSha256);
    expect(await settled(fn)).toMatchObject({ codeSha256: latest.codeSha256, revisionId: latest.revisionId });
  });

  it('lists published versions in order', async () => {
    const fn = await makeFunction();
    await publishTwo(fn);
    expect(good(await control.listVersions(fn, call)).map(({ version }) => version)).toEqual(['1', '2']);
  });

  it('keeps accounts apart: another account has no such function', async () => {
    const fn = await makeFunction();
    const elsewhere = await control.getAlias({ ...fn, accountId: '111111111111' }, 'live', call);
    expect(elsewhere).toMatchObject({ ok: false, fault: { code: 'not_found', retry: 'never' } });
  });
});

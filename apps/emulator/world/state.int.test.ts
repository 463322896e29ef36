import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateAliasCommand,
  GetAliasCommand,
  InvokeCommand,
  LambdaClient,
  ListVersionsByFunctionCommand,
} from '@aws-sdk/client-lambda';
import { publishTwoVersions } from '../../../test/conformance/two-versions.js';
import { type Emulator, type EmulatorOptions, startEmulator } from '../start.js';

const open: Emulator[] = [];
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-state-'));
  folders.push(folder);
  return folder;
}

async function start(options: Partial<EmulatorOptions> = {}) {
  const emulator = await startEmulator({ port: 0, settleMs: 20, ...options });
  open.push(emulator);
  return { emulator, lambda: clientOf(emulator) };
}

const clientOf = (emulator: Emulator, secretAccessKey = 'test', accessKeyId = 'test') =>
  new LambdaClient({
    endpoint: emulator.url,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });

async function furnish(lambda: LambdaClient) {
  const FunctionName = await publishTwoVersions(lambda);
  const RoutingConfig = { AdditionalVersionWeights: { 2: 0.3 } };
  await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1', RoutingConfig }));
  return FunctionName;
}

test('functions, versions, aliases and code survive a restart in the same folder', async () => {
  const dataDir = newFolder();
  const first = await start({ dataDir });
  const FunctionName = await furnish(first.lambda);
  const before = await first.lambda.send(new GetAliasCommand({ FunctionName, Name: 'live' }));
  await open.pop()?.close();
  const { lambda } = await start({ dataDir });
  const { $metadata: _then, ...was } = before;
  expect(await lambda.send(new GetAliasCommand({ FunctionName, Name: 'live' }))).toMatchObject(was);
  expect((await lambda.send(new ListVersionsByFunctionCommand({ FunctionName }))).Versions).toHaveLength(3);
  const { ExecutedVersion } = await lambda.send(new InvokeCommand({ FunctionName, Qualifier: '2' }));
  expect(ExecutedVersion).toBe('2');
});

test('what is exported from one emulator can be loaded into another, code included; a reset forgets it', async () => {
  const one = await start({ admin: true });
  const FunctionName = await furnish(one.lambda);
  const exported = await (await fetch(`${one.emulator.url}/_emulator/export`)).text();
  const two = await start({ admin: true });
  const loaded = await fetch(`${two.emulator.url}/_emulator/load`, { method: 'POST', body: exported });
  expect(loaded.status).toBe(200);
  const { ExecutedVersion } = await two.lambda.send(new InvokeCommand({ FunctionName, Qualifier: '1' }));
  expect(ExecutedVersion).toBe('1');
  await fetch(`${two.emulator.url}/_emulator/reset`, { method: 'POST' });
  await expect(two.lambda.send(new InvokeCommand({ FunctionName }))).rejects.toThrow('Function not found');
});

test('without admin there is no admin endpoint', async () => {
  const { emulator } = await start();
  const response = await fetch(`${emulator.url}/_emulator/reset`, { method: 'POST' });
  expect(response.status).not.toBe(200);
});

test('a web page cannot use the admin endpoint', async () => {
  const { emulator } = await start({ admin: true });
  const headers = { origin: 'https://example.com' };
  expect((await fetch(`${emulator.url}/_emulator/reset`, { method: 'POST', headers })).status).toBe(403);
  expect((await fetch(`${emulator.url}/_emulator/health`)).status).toBe(200);
});

test('each account and region has its own functions', async () => {
  const { emulator, lambda } = await start();
  const FunctionName = await furnish(lambda);
  const other = clientOf(emulator, 'test', '123456789012');
  await expect(other.send(new GetAliasCommand({ FunctionName, Name: 'live' }))).rejects.toThrow(
    'Cannot find alias arn: arn:aws:lambda:us-east-1:123456789012:function',
  );
});

test('with configured credentials only their valid signatures are let in', async () => {
  const { emulator } = await start({ credentials: { AKID: 'the-secret' } });
  const FunctionName = await publishTwoVersions(clientOf(emulator, 'the-secret', 'AKID'), 'signed');
  const read = new GetAliasCommand({ FunctionName, Name: 'nope:$x' });
  await expect(clientOf(emulator, 'another-secret', 'AKID').send(read)).rejects.toMatchObject({
    name: 'InvalidSignatureException',
  });
  await expect(clientOf(emulator, 'the-secret', 'OTHER').send(read)).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  });
  await expect(clientOf(emulator, 'the-secret', 'AKID').send(read)).rejects.toMatchObject({
    name: 'ValidationException',
  });
  const unsigned = await fetch(`${emulator.url}/2015-03-31/functions`);
  expect(unsigned.status).toBe(403);
  expect(unsigned.headers.get('x-amzn-errortype')).toBe('MissingAuthenticationTokenException');
});

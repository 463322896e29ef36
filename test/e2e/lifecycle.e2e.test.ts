import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { createDatabase } from '../world/database.js';
import { describeWithRedis } from '../world/describe-with-redis.js';
import { SluiceProcess } from './sluice-process.js';

jest.setTimeout(90_000);

const started: SluiceProcess[] = [];

function sluiceWith(environment: Record<string, string> = {}): SluiceProcess {
  const sluice = new SluiceProcess({ SLUICE_DEMO_REQUESTS_PER_SECOND: '0', ...environment });
  started.push(sluice);
  return sluice;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((sluice) => sluice.dispose()));
});

/** What a person sees when something is in the way: a sentence with a remedy, and no stack trace. */
function expectPlainWords(said: string, ...words: RegExp[]): void {
  for (const word of words) expect(said).toMatch(word);
  expect(said).not.toMatch(/^\s+at .*[:(]\d+/m);
  expect(said).not.toContain('node:internal');
}

test('npm start says where it listens, where the key is, how fine its metrics are and what to try', async () => {
  const sluice = sluiceWith();
  await sluice.start();
  expect(sluice.output).toMatch(/API key .*api-key/);
  expect(sluice.output).toMatch(/one period every 1 seconds; CloudWatch's real periods are 60/);
  for (const command of [
    'deploy checkout --dir examples/checkout/v2',
    'v3-bad',
    'history checkout',
    'rollback checkout',
  ]) {
    expect(sluice.output).toContain(command);
  }
  expect(statSync(join(sluice.dataDir, 'api-key')).mode & 0o777).toBe(0o600);
  const answer = await fetch(`${sluice.url}/v1/targets`, { headers: { authorization: `Bearer ${sluice.apiKey}` } });
  const { items } = (await answer.json()) as { items: { name: string }[] };
  expect(items.map((target) => target.name)).toEqual(['checkout']);
});

test('Ctrl-C stops everything cleanly, and the next start keeps the key and the target', async () => {
  const sluice = sluiceWith();
  await sluice.start();
  const key = sluice.apiKey;
  expect(await sluice.stop()).toBe(0);
  expectPlainWords(sluice.output, /Stopped\.\s*$/);
  await sluice.start();
  expect(sluice.apiKey).toBe(key);
  const answer = await fetch(`${sluice.url}/v1/targets/checkout`, { headers: { authorization: `Bearer ${key}` } });
  expect(answer.status).toBe(200);
});

test('Ctrl-C during the start stops it, and the folder can be started afterwards', async () => {
  const sluice = sluiceWith();
  for (const afterMs of [150, 600, 1500]) {
    const ended = sluice.startAndFail();
    await sluice.signalAfter(afterMs, 'SIGINT');
    const { code, stdout } = await ended;
    // Before our first line of code has run, the signal ends the process by itself.
    expect([0, null]).toContain(code);
    expectPlainWords(stdout, code === null ? /^$/ : /Stopped/);
  }
  await sluice.start();
});

test('after a kill -9 of the process the next start takes over its database', async () => {
  const sluice = sluiceWith();
  await sluice.start();
  const key = sluice.apiKey;
  await sluice.kill();
  await sluice.start();
  expect(sluice.apiKey).toBe(key);
});

test('a second Sluice on the same folder says where the first one is', async () => {
  const first = sluiceWith();
  await first.start();
  const second = sluiceWith({ SLUICE_DATA_DIR: first.dataDir });
  const { code, stdout } = await second.startAndFail();
  expect(code).toBe(1);
  expectPlainWords(stdout, /already running/, new RegExp(first.url), /SLUICE_DATA_DIR=/);
});

test.each(['PORT', 'SLUICE_EMULATOR_PORT'])('a taken %s is named together with the remedy', async (variable) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const { code, stdout } = await sluiceWith({ [variable]: String(port) }).startAndFail();
  other.close();
  expect(code).toBe(1);
  expectPlainWords(stdout, new RegExp(`Port ${port} .*taken`), new RegExp(`${variable}=\\d+ npm start`));
});

test('a wrong setting is named with what is allowed', async () => {
  const { code, stdout } = await sluiceWith({ SLUICE_SWEEP_SECONDS: 'often' }).startAndFail();
  expect(code).toBe(1);
  expectPlainWords(stdout, /SLUICE_SWEEP_SECONDS/);
});

test('with DATABASE_URL and SLUICE_EMULATOR=off neither a database nor an emulator is brought along', async () => {
  const database = await createDatabase();
  const sluice = sluiceWith({ DATABASE_URL: database.url, SLUICE_EMULATOR: 'off', AWS_REGION: 'eu-west-1' });
  await sluice.start();
  expect(sluice.output).toMatch(/your Postgres, the queue on Postgres, AWS/);
  expect(sluice.output).not.toContain('emulator');
  expect(existsSync(join(sluice.dataDir, 'postgres'))).toBe(false);
  expect(existsSync(join(sluice.dataDir, 'emulator'))).toBe(false);
  expect(await sluice.stop()).toBe(0);
  await database.drop();
});

describeWithRedis('Redis from outside', () => {
  test('with REDIS_URL the queue is there', async () => {
    const sluice = sluiceWith({ REDIS_URL: `${process.env['SLUICE_TEST_REDIS_URL']}/7` });
    await sluice.start();
    expect(sluice.output).toMatch(/the queue on your Redis/);
  });
});

test('a database that ends by itself ends Sluice with a sentence, and the next start recovers', async () => {
  const sluice = sluiceWith();
  await sluice.start();
  const ended = sluice.waitForEnd();
  process.kill(
    Number.parseInt(readFileSync(join(sluice.dataDir, 'postgres', 'postmaster.pid'), 'utf8'), 10),
    'SIGKILL',
  );
  const { code, stdout } = await ended;
  expect(code).toBe(1);
  expect(stdout).toMatch(/embedded Postgres has ended by itself/);
  await sluice.start();
});

describe('data folders that cannot be used', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-folder-'));
    chmodSync(folder, 0o711);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('a file in its place', async () => {
    writeFileSync(join(folder, 'taken'), '');
    const { code, stdout } = await sluiceWith({ SLUICE_DATA_DIR: join(folder, 'taken') }).startAndFail();
    expect(code).toBe(1);
    expectPlainWords(stdout, /is a file/, /SLUICE_DATA_DIR/);
  });

  test('a place where nobody may write, root included', async () => {
    const { code, stdout } = await sluiceWith({ SLUICE_DATA_DIR: '/proc/sluice' }).startAndFail();
    expect(code).toBe(1);
    expectPlainWords(stdout, /\/proc\/sluice/, /SLUICE_DATA_DIR/);
  });

  test('a database folder that is none', async () => {
    mkdirSync(join(folder, 'postgres'));
    const { code, stdout } = await sluiceWith({ SLUICE_DATA_DIR: folder }).startAndFail();
    expect(code).toBe(1);
    expectPlainWords(stdout, /not a Postgres data folder/, /Move it away/);
  });

  test('a damaged key file', async () => {
    writeFileSync(join(folder, 'api-key'), 'slu_half');
    const { code, stdout } = await sluiceWith({ SLUICE_DATA_DIR: folder }).startAndFail();
    expect(code).toBe(1);
    expectPlainWords(stdout, /api-key/, /[Dd]elete/);
  });
});

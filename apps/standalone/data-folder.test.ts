import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimDataFolder, readKeyFile, writeKeyFile } from './data-folder.js';
import { explain, StartProblem } from './problem.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a second Sluice on the same folder is told where the first one is', async () => {
  const first = await claimDataFolder(folder);
  first.announce('http://127.0.0.1:3000');
  const second = claimDataFolder(folder);
  await expect(second).rejects.toThrow(StartProblem);
  await expect(second).rejects.toThrow(`process ${process.pid}, http://127.0.0.1:3000`);
  await first.close();
});

test('a folder whose Sluice was killed can be claimed again', async () => {
  const script = `require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script, join(folder, 'running.sock')]);
  expect(statSync(join(folder, 'running.sock')).isSocket()).toBe(true);
  await (await claimDataFolder(folder)).close();
});

test('a folder with a path too long for a socket can be claimed, once', async () => {
  const long = join(folder, 'x'.repeat(120));
  const first = await claimDataFolder(long);
  await expect(claimDataFolder(long)).rejects.toThrow(StartProblem);
  await first.close();
});

test('a file where the folder should be is named, with the remedy', async () => {
  const file = join(folder, 'taken');
  writeFileSync(file, '');
  await expect(claimDataFolder(file)).rejects.toThrow(/is a file.*SLUICE_DATA_DIR/);
});

test('the local API key is kept as it is, and only its owner can read it', () => {
  expect(readKeyFile(folder)).toBeUndefined();
  writeFileSync(join(folder, 'api-key'), 'an older one', { mode: 0o644 });
  const file = writeKeyFile(folder, 'slu_one');
  expect(readKeyFile(folder)).toBe('slu_one');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test.each([
  ['EADDRINUSE', 'taken by another program'],
  ['EACCES', 'SLUICE_DATA_DIR'],
  ['EROFS', 'SLUICE_DATA_DIR'],
  ['ENOSPC', 'disk is full'],
])('%s is put into words with a remedy', (code, words) => {
  expect(explain(Object.assign(new Error('raw'), { code, port: 3000, path: '/data' }))).toContain(words);
});

test('an error that nobody foresaw is not dressed up as something else', () => {
  expect(explain(new Error('boom'))).toBeUndefined();
});

import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync } from 'fflate';
import { packFolder } from './pack-folder.js';
import { parseS3Uri } from './parse-s3-uri.js';
import { readZip } from './read-zip.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-pack-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Record<string, string>, below = folder): Promise<string> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(below, name)), { recursive: true });
    await writeFile(join(below, name), content);
  }
  return below;
}

const FILES = {
  'index.mjs': 'export const handler = () => 1;\n'.repeat(50),
  'lib/b.js': 'b',
  'lib/a.js': 'a',
  '10': 'x',
  Zebra: 'z',
  'ä.txt': 'ä',
};

describe('packing a folder', () => {
  test('gives the bytes that were written down once: no machine, Node version or time zone may change them', async () => {
    const { sha256, fileCount } = await packFolder(await write(FILES));
    expect(fileCount).toBe(6);
    expect(sha256).toBe('64834ec6cc9b74a6304707432ab3954539425bd63e2a7a7143ea219422561661');
  });

  test('order of creation, times and modes leave no trace', async () => {
    const first = await packFolder(await write(FILES, join(folder, 'first')));
    const second = await write(Object.fromEntries(Object.entries(FILES).reverse()), join(folder, 'second'));
    await chmod(join(second, 'index.mjs'), 0o700);
    await utimes(join(second, 'index.mjs'), 1, 1);
    expect((await packFolder(second)).sha256).toBe(first.sha256);
  });

  test('one changed byte gives another digest', async () => {
    const first = await packFolder(await write(FILES));
    await write({ 'lib/a.js': 'A' });
    expect((await packFolder(folder)).sha256).not.toBe(first.sha256);
  });

  test('dotfiles are shipped, version control and desktop litter are not', async () => {
    await write({ ...FILES, '.hidden': 'h', '.git/config': 'g', '.DS_Store': 'd', 'lib/Thumbs.db': 't' });
    const names = Object.keys(unzipSync((await packFolder(folder)).bytes));
    expect(names.sort()).toEqual([...Object.keys(FILES), '.hidden'].sort());
  });

  test('names what looks like a secret', async () => {
    await write({ 'index.js': '', '.env': 'A=1', 'certs/server.key': 'k', 'keyboard.js': '' });
    expect((await packFolder(folder)).suspicious).toEqual(['.env', 'certs/server.key']);
  });

  test('refuses a symbolic link and says which', async () => {
    await write(FILES);
    await symlink('index.mjs', join(folder, 'link.mjs'));
    await expect(packFolder(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/link\.mjs is a symbolic link/),
      exitCode: 1,
    });
  });

  test('refuses an empty folder, a missing one, and a file', async () => {
    await expect(packFolder(folder)).rejects.toThrow(/is empty/);
    await expect(packFolder(join(folder, 'none'))).rejects.toThrow(/There is no folder/);
    await write({ 'code.zip': '' });
    await expect(packFolder(join(folder, 'code.zip'))).rejects.toMatchObject({ remedy: 'Did you mean --zip?' });
  });
});

test('a zip is known by its digest; anything else is refused before it is sent', async () => {
  const packed = await packFolder(await write(FILES));
  const path = join(folder, 'code.zip');
  await writeFile(path, packed.bytes);
  expect(await readZip(path)).toEqual({ path, sha256: packed.sha256, sizeBytes: packed.bytes.length });
  await expect(readZip(join(folder, 'index.mjs'))).rejects.toThrow(/is not a zip file/);
  await expect(readZip(folder)).rejects.toMatchObject({ remedy: 'Did you mean --dir?' });
});

test('an S3 object is named with its version', () => {
  expect(parseS3Uri('s3://bucket/a@b/code.zip@v.1')).toEqual({
    bucket: 'bucket',
    key: 'a@b/code.zip',
    versionId: 'v.1',
  });
  for (const wrong of ['s3://bucket/code.zip', 's3://bucket/code.zip@', 's3://bucket/a@b/code.zip']) {
    expect(() => parseS3Uri(wrong)).toThrow(/does not say which version/);
  }
  for (const wrong of ['https://x/y', 's3://b', 's3://bucket/', 's3://Bucket/key@1']) {
    expect(() => parseS3Uri(wrong)).toThrow(/is not an S3 address/);
  }
});

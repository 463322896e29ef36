import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Entry, fromBuffer, type ZipFile } from 'yauzl';

const UNZIPPED_LIMIT = 262_144_000;

function open(bytes: Buffer): Promise<ZipFile> {
  return new Promise((done, fail) => {
    fromBuffer(bytes, { lazyEntries: true, validateEntrySizes: true }, (error, zip) => {
      if (error || !zip) fail(error ?? new Error('not a zip'));
      else done(zip);
    });
  });
}

/** Visits every entry in turn; fails on anything that is not a readable zip archive. */
async function visit(bytes: Buffer, each: (zip: ZipFile, entry: Entry) => Promise<void> | void): Promise<void> {
  const zip = await open(bytes);
  await new Promise<void>((done, fail) => {
    zip.on('error', fail);
    zip.on('end', () => done());
    zip.on('entry', (entry: Entry) => {
      Promise.resolve(each(zip, entry)).then(() => zip.readEntry(), fail);
    });
    zip.readEntry();
  });
}

/** What an uploaded package amounts to, or why it is refused. */
export async function inspectArchive(bytes: Buffer): Promise<'ok' | 'unreadable' | 'too-large' | 'empty'> {
  let size = 0;
  let files = 0;
  try {
    await visit(bytes, (_zip, entry) => {
      size += entry.uncompressedSize;
      files += 1;
    });
  } catch {
    return 'unreadable';
  }
  if (files === 0) return 'empty';
  return size >= UNZIPPED_LIMIT ? 'too-large' : 'ok';
}

/** Unpacks a package into a folder; an entry that would land outside of it stops the unpacking. */
export async function unpack(bytes: Buffer, folder: string): Promise<void> {
  const root = resolve(folder);
  mkdirSync(root, { recursive: true });
  await visit(bytes, async (zip, entry) => {
    const target = resolve(join(root, entry.fileName));
    if (target !== root && !target.startsWith(root + sep)) throw new Error(`${entry.fileName} leaves the package`);
    if (entry.fileName.endsWith('/')) {
      mkdirSync(target, { recursive: true });
      return;
    }
    mkdirSync(dirname(target), { recursive: true });
    const stream = await new Promise<NodeJS.ReadableStream>((done, fail) => {
      zip.openReadStream(entry, (error, opened) => (error || !opened ? fail(error) : done(opened)));
    });
    const mode = (entry.externalFileAttributes >>> 16) & 0o777;
    await pipeline(stream, createWriteStream(target, { mode: mode || 0o644 }));
  });
}

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { usage } from '../failure.js';

/** A zip on disk: hashed once, then streamed; it is never in memory as a whole. */
export interface ZipFile {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** Local file header, or the end record of an empty archive. */
const SIGNATURES = ['504b0304', '504b0506'];

export async function readZip(path: string): Promise<ZipFile> {
  const facts = await stat(path).catch(() => undefined);
  if (!facts) throw usage(`There is no file ${path}.`, 'Name the zip that your build made: --zip PATH.');
  if (!facts.isFile()) throw usage(`${path} is not a file.`, facts.isDirectory() ? 'Did you mean --dir?' : undefined);
  if (!SIGNATURES.includes(await signatureOf(path))) {
    throw usage(`${path} is not a zip file.`, 'To deploy a folder, use --dir; Sluice zips it.');
  }
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { path, sha256: hash.digest('hex'), sizeBytes: facts.size };
}

async function signatureOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(4) });
    return buffer.subarray(0, bytesRead).toString('hex');
  } finally {
    await file.close();
  }
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Zippable, zipSync } from 'fflate';
import { usage } from '../failure.js';
import { listFolder } from './list-folder.js';

/** A function's code as one zip, and the digests it is known by. */
export interface Package {
  readonly bytes: Uint8Array;
  /** Hex SHA-256 of the bytes: the artifact's address. */
  readonly sha256: string;
  readonly fileCount: number;
  /** Files that look like secrets; they are shipped, and said aloud. */
  readonly suspicious: readonly string[];
}

/** Lambda refuses more than 250 MB of unpacked code. */
export const MAX_UNPACKED_BYTES = 250 * 1024 * 1024;

/**
 * The same folder gives the same bytes on every machine, because equal code is recognised by its SHA-256: entries are
 * sorted by code unit, every time and mode is fixed, and the compression is fflate's, which is plain arithmetic (the
 * output of Node's own zlib differs between processors and Node versions).
 */
const FIXED_TIME = '1980-01-01T12:00:00';
/** Everything may be executed, because Windows cannot say what should be and a custom runtime's `bootstrap` must be. */
const FIXED_MODE = ((0o100755 << 16) >>> 0) as number;
const UNIX = 3;
const COMPRESSION_LEVEL = 6;

export async function packFolder(folder: string): Promise<Package> {
  const files = await listFolder(folder);
  const total = files.reduce((sum, file) => sum + file.size, 0);
  if (total > MAX_UNPACKED_BYTES) {
    const biggest = [...files].sort((left, right) => right.size - left.size).slice(0, 3);
    throw usage(
      `${folder} holds ${megabytes(total)} MB; Lambda takes at most ${megabytes(MAX_UNPACKED_BYTES)} MB of unpacked code.`,
      `The largest files: ${biggest.map((file) => `${file.name} (${megabytes(file.size)} MB)`).join(', ')}. Remove what the function does not need, or ship a container image with --image.`,
    );
  }
  const entries: Zippable = Object.create(null);
  for (const file of files) entries[file.name] = new Uint8Array(await readFile(file.path));
  const bytes = zipSync(entries, { level: COMPRESSION_LEVEL, mtime: FIXED_TIME, os: UNIX, attrs: FIXED_MODE });
  return {
    bytes,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    fileCount: files.length,
    suspicious: files.map((file) => file.name).filter(looksLikeSecret),
  };
}

function looksLikeSecret(name: string): boolean {
  return /(^|\/)(\.env(\.[^/]*)?|\.npmrc|id_(rsa|ed25519|ecdsa)|[^/]*\.(pem|key|p12|pfx))$/.test(name);
}

export function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0);
}

/** `3 kB`, `4.2 MB`. */
export function sizeWords(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} kB` : `${megabytes(bytes)} MB`;
}

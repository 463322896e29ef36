import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { exitCodes } from '../exit-codes.js';
import { Failure } from '../failure.js';

export interface FoundKey {
  readonly key: string;
  /** Where it came from, for `sluice doctor`. */
  readonly from: string;
}

export interface KeyPlaces {
  /** `--key`. */
  readonly option: string | undefined;
  /** `SLUICE_API_KEY`. */
  readonly variable: string | undefined;
  /** `SLUICE_DATA_DIR`. */
  readonly dataDir: string | undefined;
  readonly cwd: string;
}

const KEY_FILE = 'api-key';

/** The key from the option, the environment, or the file that a local Sluice writes, looked for upward from the working folder. */
export async function findKey(places: KeyPlaces): Promise<FoundKey | undefined> {
  if (places.option) return { key: places.option, from: '--key' };
  if (places.variable) return { key: places.variable, from: 'SLUICE_API_KEY' };
  for (const file of keyFiles(places)) {
    const key = await readKey(file);
    if (key) return { key, from: file };
  }
  return undefined;
}

function keyFiles({ cwd, dataDir }: KeyPlaces): string[] {
  const files: string[] = [];
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    files.push(join(resolve(folder, dataDir ?? '.sluice'), KEY_FILE));
    if (dirname(folder) === folder) return files;
  }
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new Failure(
      `The key file ${file} cannot be read (${code}).`,
      'Run as the user who started Sluice, or give the key in SLUICE_API_KEY.',
      exitCodes.unreachable,
      'no_key',
      { cause: error },
    );
  }
}

/** Only a Sluice on this machine leaves its key in a file; for any other the key has to come from its administrator. */
export function noKey(url: string): Failure {
  const remedy = isLocal(url)
    ? 'Run "npm start" in Sluice\'s folder first and leave it running, then try again from there. For a Sluice that runs elsewhere, set SLUICE_URL and SLUICE_API_KEY.'
    : 'Set SLUICE_API_KEY to a key of that Sluice.';
  return new Failure(`There is no API key for Sluice at ${url}.`, remedy, exitCodes.unreachable, 'no_key');
}

export function cannotReach(url: string, why: string, cause?: unknown): Failure {
  const remedy = isLocal(url)
    ? 'Is it running? Start it with "npm start" in Sluice\'s folder. If it listens on another port: SLUICE_URL=http://127.0.0.1:PORT.'
    : 'Check the address (--url or SLUICE_URL) and the network between here and there.';
  return new Failure(`Sluice cannot be reached at ${url}: ${why}.`, remedy, exitCodes.unreachable, 'unreachable', {
    cause,
  });
}

export function isLocal(url: string): boolean {
  return /^https?:\/\/(127\.|localhost\b|\[::1\])/.test(url);
}

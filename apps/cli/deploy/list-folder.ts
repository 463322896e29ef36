import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { usage } from '../failure.js';

export interface FolderFile {
  /** Path inside the zip: forward slashes, composed Unicode. */
  readonly name: string;
  readonly path: string;
  readonly size: number;
}

/** Left by version control and desktops; never part of a function. Everything else is shipped, dotfiles included. */
export const NEVER_PACKED = ['.git', '.DS_Store', 'Thumbs.db'];

/** Each entry costs Lambda's unpacking and ours; a folder with more is nearly always the wrong folder. */
export const MAX_FILES = 50_000;

/** Every file below `folder`, sorted so that no file system's own order shows. */
export async function listFolder(folder: string): Promise<FolderFile[]> {
  const facts = await lstat(folder).catch(() => undefined);
  if (!facts) throw usage(`There is no folder ${folder}.`, 'Name the folder that holds the function: --dir PATH.');
  if (!facts.isDirectory()) {
    throw usage(`${folder} is not a folder.`, folder.endsWith('.zip') ? 'Did you mean --zip?' : undefined);
  }
  const files: FolderFile[] = [];
  await walk(folder, '', files);
  if (files.length === 0) throw usage(`${folder} is empty: there is nothing to deploy.`);
  files.sort((left, right) => (left.name < right.name ? -1 : 1));
  for (const [index, file] of files.entries()) {
    if (file.name === files[index + 1]?.name) {
      throw usage(`${folder} holds two files called ${file.name} that differ only in their Unicode spelling.`);
    }
  }
  return files;
}

async function walk(folder: string, prefix: string, files: FolderFile[]): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (NEVER_PACKED.includes(entry.name)) continue;
    const path = join(folder, entry.name);
    const name = `${prefix}${entry.name.normalize('NFC')}`;
    if (/[\\\u0000-\u001f\u007f\ufffd]/.test(entry.name)) {
      throw usage(`${JSON.stringify(path)} has a name that a zip cannot carry safely.`, 'Rename it.');
    }
    if (entry.isDirectory()) {
      await walk(path, `${name}/`, files);
    } else if (entry.isFile()) {
      files.push({ name, path, size: (await lstat(path)).size });
      if (files.length > MAX_FILES) {
        throw usage(`${folder} holds more than ${MAX_FILES} files.`, 'Is this the folder that your build puts out?');
      }
    } else {
      throw usage(
        `${path} is ${entry.isSymbolicLink() ? 'a symbolic link' : 'not a regular file'}, which a function's package may not hold.`,
        entry.isSymbolicLink()
          ? 'Replace it by a copy of what it points to (npm: "npm ci --install-links"; pnpm: "pnpm deploy"), or make the zip yourself and use --zip.'
          : undefined,
      );
    }
  }
}

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
};

const own = fileURLToPath(new URL('../page/', import.meta.url));
const viewer = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** Every file a browser may ask for, by its path. There is no folder to walk out of: what is not here is not served. */
export const pageFiles: Readonly<Record<string, string>> = {
  '/': join(own, 'home.html'),
  '/assets/home.js': join(own, 'home.js'),
  '/assets/clock.js': join(own, 'clock.js'),
  '/assets/page.css': join(own, 'page.css'),
  '/docs': join(own, 'docs.html'),
  '/assets/docs.js': join(own, 'docs.js'),
  '/assets/swagger-ui.css': join(viewer, 'swagger-ui.css'),
  '/assets/swagger-ui-bundle.js': join(viewer, 'swagger-ui-bundle.js'),
};

export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
}

/** Reads each file once. */
export class PageFiles {
  private readonly read = new Map<string, Promise<PageFile>>();

  async get(path: string): Promise<PageFile> {
    const file = pageFiles[path];
    if (file === undefined) throw new Error(`There is no page file for ${path}.`);
    let found = this.read.get(path);
    if (!found) {
      found = readFile(file).then((bytes) => ({ type: types[file.split('.').at(-1) ?? ''] ?? 'text/plain', bytes }));
      this.read.set(path, found);
    }
    return found;
  }
}

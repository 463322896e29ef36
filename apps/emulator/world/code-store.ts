import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Deployment packages, by the hexadecimal SHA-256 of their bytes: equal code is kept once. */
export class CodeStore {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  /** How `put` would name these bytes: the key, and the CodeSha256 that the service shows. */
  digest(bytes: Buffer): { key: string; sha256: string } {
    const digest = createHash('sha256').update(bytes).digest();
    return { key: digest.toString('hex'), sha256: digest.toString('base64') };
  }

  put(bytes: Buffer): { key: string; sha256: string } {
    const named = this.digest(bytes);
    const path = this.path(named.key);
    if (!existsSync(path)) {
      writeFileSync(`${path}.part`, bytes);
      // A reader never sees half an archive: the name appears when all bytes are there.
      renameSync(`${path}.part`, path);
    }
    return named;
  }

  get(key: string): Buffer {
    return readFileSync(this.path(key));
  }

  has(key: string): boolean {
    return existsSync(this.path(key));
  }

  keys(): string[] {
    return readdirSync(this.folder)
      .filter((name) => name.endsWith('.zip'))
      .map((name) => name.slice(0, -4));
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
  }

  private path(key: string): string {
    return join(this.folder, `${key}.zip`);
  }
}

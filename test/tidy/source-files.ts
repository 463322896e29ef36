import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** Text files that git knows or would add: what a reader of the repository sees. */
export function repositoryFiles(): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    encoding: 'utf8',
  });
  return listed
    .split('\0')
    .filter((path) => path !== '' && path !== 'package-lock.json' && existsSync(path))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }))
    .filter((file) => !file.text.includes('\0'));
}

const CODE = /^(apps|libs|test|scripts|examples|prisma)\/.*\.(ts|tsx|mjs|cjs|js)$/;

export function isCode(file: SourceFile): boolean {
  return CODE.test(file.path);
}

export function isTest(file: SourceFile): boolean {
  return /\.(test|contract|fixture)\.tsx?$/.test(file.path);
}

/** Every line that matches, as `path:line text`. */
export function linesMatching(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    file.text
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1} ${line.trim()}`] : [])),
  );
}

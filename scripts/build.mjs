import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { filesBelow, giveUp, root, runLoudly } from './steps.mjs';

/** Folders that are compiled into `dist/`, which mirrors the tree. */
const COMPILED = ['apps', 'libs', 'test'];
/** Has a build of its own. */
const NOT_COMPILED = /^apps\/dashboard\//;

/** The steps of a build, in order; each returns false when it failed. */
const STEPS = [compile, copyAssets, removeStale];

export function sourceFiles() {
  const tests = /\.test\.ts$/;
  return COMPILED.flatMap((folder) => filesBelow(folder)).filter(
    (path) => !NOT_COMPILED.test(path) && !tests.test(path),
  );
}

export function build() {
  for (const step of STEPS) {
    if (!step()) giveUp('The build failed; the messages above say where.');
  }
}

function compile() {
  // The compiler's memory must not outlive what it remembers having written.
  if (!existsSync(join(root, 'dist', 'libs'))) rmSync(join(root, 'dist', '.tsbuildinfo'), { force: true });
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  return runLoudly(process.execPath, [compiler, '-p', 'tsconfig.build.json']);
}

/** Pages, documents and scripts that stand beside the code keep their place beside it in `dist/`. */
function copyAssets() {
  for (const path of sourceFiles()) {
    if (path.startsWith('test/') || path.endsWith('.ts') || path.endsWith('.md')) continue;
    mkdirSync(join(root, 'dist', dirname(path)), { recursive: true });
    copyFileSync(join(root, path), join(root, 'dist', path));
  }
  return true;
}

/** A source that was deleted or renamed must not live on in `dist/`. */
function removeStale() {
  for (const path of filesBelow('dist')) {
    const source = path.slice('dist/'.length);
    if (
      /\.js(\.map)?$/.test(source) &&
      !existsSync(join(root, source.replace(/\.js(\.map)?$/, '.ts'))) &&
      !existsSync(join(root, source))
    ) {
      rmSync(join(root, path));
    }
  }
  return true;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) build();

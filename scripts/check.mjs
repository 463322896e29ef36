/** `npm run check`: everything that can be said about the code without running it, one line per check. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { prepare } from './prepare.mjs';
import { root, runQuietly } from './steps.mjs';

prepare({ withBuild: false });

const bin = (...path) => join(root, 'node_modules', ...path);
const jestOptions = {
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`,
};

/** The slowest first, so that they overlap with the rest. */
const CHECKS = [
  {
    name: 'types',
    promise: 'the compiler agrees',
    args: [
      bin('typescript', 'bin', 'tsc'),
      '--noEmit',
      '-p',
      'tsconfig.json',
      '--tsBuildInfoFile',
      'node_modules/.cache/sluice/check.tsbuildinfo',
    ],
  },
  { name: 'dead code', promise: 'nothing is left over', args: [bin('knip', 'bin', 'knip.js'), '--no-progress'] },
  {
    name: 'directions',
    promise: 'rooms import only what they may',
    args: [
      bin('dependency-cruiser', 'bin', 'dependency-cruise.mjs'),
      '--config',
      '.dependency-cruiser.cjs',
      'apps',
      'libs',
      'test',
    ],
  },
  {
    name: 'tidy',
    promise: 'the house rules hold',
    args: [bin('jest', 'bin', 'jest.js'), 'test/tidy', '--selectProjects', 'pure'],
    environment: jestOptions,
  },
  {
    name: 'format and lint',
    promise: 'Biome agrees',
    args: [bin('@biomejs', 'biome', 'bin', 'biome'), 'ci', '.', '--colors=off', '--max-diagnostics=40'],
  },
];

const started = performance.now();
const waiting = [...CHECKS];
const failures = [];
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
for (const { name, said } of failures) console.log(`\n── ${name}\n${said.trim()}`);
const verdict = failures.length === 0 ? 'all checks pass' : `${failures.length} of ${CHECKS.length} checks fail`;
console.log(`\n${verdict} (${seconds(started)} s)`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function worker() {
  for (let check = waiting.shift(); check; check = waiting.shift()) {
    const begun = performance.now();
    const { code, said } = await runQuietly(process.execPath, check.args, check.environment);
    console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${check.name}: ${check.promise} (${seconds(begun)} s)`);
    if (code !== 0) failures.push({ ...check, said });
  }
}

function seconds(since) {
  return ((performance.now() - since) / 1000).toFixed(1);
}

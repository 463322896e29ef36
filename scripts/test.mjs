/**
 * `npm test [-- <path pattern>]`: pure tests, integration tests with the queue on Postgres, those that touch the queue
 * again on Redis, then end to end. Ends with one line: N passed, N failed, N skipped.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { prepare } from './prepare.mjs';
import { filesBelow, root, runLoudly } from './steps.mjs';

prepare({ withBuild: true });

const filter = process.argv.slice(2);
const JEST = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
/** Whoever asks this helper for its queue is run once per engine. */
const QUEUE_HELPER = 'test/world/queue-engine.ts';

const queueTests = filesThatReach(QUEUE_HELPER).filter((path) => path.endsWith('.int.test.ts'));

const RUNS = [
  { title: 'pure', project: 'pure' },
  { title: 'integration, queue on Postgres', project: 'integration', environment: { SLUICE_TEST_QUEUE: 'postgres' } },
  {
    title: 'integration, queue on Redis',
    project: 'integration',
    environment: { SLUICE_TEST_QUEUE: 'redis' },
    only: queueTests,
    needsRedis: true,
  },
  { title: 'end to end', project: 'e2e' },
];

const folder = mkdtempSync(join(tmpdir(), 'sluice-results-'));
const sum = { passed: 0, failed: 0, skipped: 0 };
for (const run of RUNS) {
  const wanted =
    run.only?.filter((path) => filter.length === 0 || filter.some((pattern) => path.includes(pattern))) ?? filter;
  if (run.only && wanted.length === 0) continue;
  const result = run.needsRedis && !redisIsHere() ? withoutRedis(wanted) : jest(run, wanted);
  for (const key of Object.keys(sum)) sum[key] += result[key];
}
rmSync(folder, { recursive: true, force: true });
console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exit(sum.failed > 0 ? 1 : 0);

function jest({ title, project, environment = {}, only }, patterns) {
  const started = performance.now();
  console.log(`\n── ${title}`);
  const output = join(folder, `${title.replace(/\W+/g, '-')}.json`);
  const flags = [
    '--selectProjects',
    project,
    '--json',
    `--outputFile=${output}`,
    '--passWithNoTests',
    // A handle that a test left open must not hold up the run; Jest says so when it happens.
    '--forceExit',
    // Integration tests start servers, and the machines of CI are slow.
    `--testTimeout=${project === 'pure' ? 20_000 : 60_000}`,
    '--maxWorkers=100%',
  ];
  const options =
    `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --disable-warning=ExperimentalWarning`.trim();
  const ok = runLoudly(process.execPath, [JEST, ...flags, ...(only ? ['--runTestsByPath'] : []), ...patterns], {
    ...environment,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    NODE_OPTIONS: options,
  });
  console.log(`   ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return countsIn(output, ok);
}

function redisIsHere() {
  return Boolean(process.env.REDIS_URL) || spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Says so loudly: whole files count as skipped, and in CI as failed. */
function withoutRedis(files) {
  console.log('\n── integration, queue on Redis');
  console.log('   THE REDIS SUITES DO NOT RUN: REDIS_URL is not set and there is no redis-server on the PATH.');
  const missing = files.length;
  return process.env.CI === 'true'
    ? { passed: 0, failed: missing, skipped: 0 }
    : { passed: 0, failed: 0, skipped: missing };
}

/** A file that could not even be loaded counts as one failure; so does a run that ended without a report. */
function countsIn(output, ok) {
  try {
    const report = JSON.parse(readFileSync(output, 'utf8'));
    const failed = report.numFailedTests + report.numRuntimeErrorTestSuites;
    return {
      passed: report.numPassedTests,
      failed: failed === 0 && !ok ? 1 : failed,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } catch {
    return { passed: 0, failed: ok ? 0 : 1, skipped: 0 };
  }
}

/** Every file below our folders that imports `target`, or imports a file that does, by relative paths. */
function filesThatReach(target) {
  const sources = ['apps', 'libs', 'test']
    .flatMap((folder) => filesBelow(folder))
    .filter((path) => path.endsWith('.ts'));
  const importsOf = new Map(sources.map((path) => [path, relativeImports(path)]));
  const reached = new Set([target]);
  for (let before = 0; before < reached.size; ) {
    before = reached.size;
    for (const [path, imports] of importsOf) if (imports.some((imported) => reached.has(imported))) reached.add(path);
  }
  return [...reached];
}

function relativeImports(path) {
  const text = readFileSync(join(root, path), 'utf8');
  return [...text.matchAll(/from '(\.{1,2}\/[^']+)\.js'/g)].map((match) =>
    posix.join(posix.dirname(path), `${match[1]}.ts`),
  );
}

import { spawn } from 'node:child_process';
import type { Reading } from './figures.js';
import type { BenchWorld, Options } from './world.js';

/** P16: schedules of the simulation for a minute of one processor; it says so itself. */
export async function measureSimulation(_world: BenchWorld, { quick }: Options): Promise<Reading[]> {
  const schedules = quick ? 2_000 : 200_000;
  const options = ['--schedules', String(schedules), '--seed', '1'];
  const { code, said } = await run('npm', ['run', '--silent', 'simulate', '--', ...options]);
  const perMinute = Number(/(\d+) a minute of processor time/.exec(said)?.[1] ?? Number.NaN);
  if (code !== 0 || !Number.isFinite(perMinute))
    throw new Error(`The simulation did not end well:\n${said.slice(-1000)}`);
  return [{ id: 'P16', value: perMinute, note: `${schedules} schedules, real services on in-memory ports` }];
}

/** P21: the whole suite again and again; a run that fails is a run that somebody would have repeated. */
export async function measureFlakiness(_world: BenchWorld, { flakyRuns, say }: Options): Promise<Reading[]> {
  let failed = 0;
  for (let round = 1; round <= flakyRuns; round += 1) {
    const { code, said } = await run('npm', ['test', '--silent']);
    if (code !== 0) failed += 1;
    const line = said.trim().split('\n').at(-1) ?? '';
    say(`run ${round} of ${flakyRuns}: ${line}`);
  }
  const note = `${failed} of ${flakyRuns} runs failed`;
  return [{ id: 'P21', value: (failed / flakyRuns) * 50, note }];
}

function run(command: string, args: readonly string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: suiteEnvironment() });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, said }));
  });
}

/** The suite finds servers by these names; the benchmark's own are not for it. */
function suiteEnvironment(): NodeJS.ProcessEnv {
  const { SLUICE_TEST_DATABASE_URL: _database, SLUICE_TEST_REDIS_URL: _redis, ...rest } = process.env;
  return rest;
}

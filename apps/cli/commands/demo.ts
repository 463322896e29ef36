import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Session } from '../connection/session.js';
import { printLines } from '../context.js';
import { deploy } from '../deploy/deploy.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { ink } from '../render/style.js';
import type { Runner } from './runner.js';

/** The function that `npm start` keeps under traffic. */
const DEMO_TARGET = 'checkout';

interface Act {
  readonly title: string;
  readonly folder: string;
  readonly expected: ExitCode;
}

const acts: readonly Act[] = [
  { title: 'A good change: it is promoted step by step.', folder: 'v2', expected: exitCodes.ok },
  { title: 'A bad change: it fails for some, and is taken back.', folder: 'v3-bad', expected: exitCodes.rolledBack },
];

export function addDemo(program: Command, runner: Runner): void {
  program
    .command('demo')
    .summary('watch a good and a bad deployment on the demo function')
    .description(
      'Deploys a good and then a bad version of the demo function that "npm start" keeps under traffic, and shows what becomes of them.',
    )
    .action((_options: object, command: Command) => runner.run(command, play));
}

async function play(session: Session): Promise<ExitCode> {
  const examples = findExamples(session.context.cwd);
  await (await session.client()).getTarget(DEMO_TARGET);
  for (const { title, folder, expected } of acts) {
    if (!session.json) printLines(session.screen, ['', ink(session.style, 'bold', title)]);
    const dir = join(examples, folder);
    const message = `demo: ${folder}`;
    const code = await deploy(session, DEMO_TARGET, { dir, strategy: 'demo', message, watch: true });
    if (code === exitCodes.interrupted) return code;
    if (code !== expected) return code === exitCodes.ok ? exitCodes.error : code;
  }
  if (!session.json) printLines(session.screen, ['', 'That was the demo. "sluice history checkout" shows both.']);
  return exitCodes.ok;
}

/** The examples lie in the folder of the clone, which may be above the working folder. */
function findExamples(cwd: string): string {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const examples = join(folder, 'examples', DEMO_TARGET);
    if (existsSync(examples)) return examples;
    if (dirname(folder) === folder) break;
  }
  throw new Failure('The demo needs the folder examples/checkout.', 'Run it in the folder of the clone of Sluice.');
}

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { type DeploymentView } from '#contracts';
import type { Session } from '../connection/session.js';
import { note, printLines } from '../context.js';
import { deploy } from '../deploy/deploy.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { Failure } from '../failure.js';
import { ink } from '../render/style.js';
import type { Runner } from './runner.js';

const TARGET = 'checkout';

export function addDemo(program: Command, runner: Runner): void {
  program
    .command('demo')
    .summary('walk through a good and a bad deployment on the sample function')
    .description(
      'On a Sluice that "npm start" started: deploys a good version of the sample function, which is promoted, then a bad one, which is put back. Takes three to four minutes.',
    )
    .action((_options: object, command: Command) => runner.run(command, demo));
}

async function demo(session: Session): Promise<ExitCode> {
  const client = await session.client();
  const examples = findExamples();
  await client.getTarget(TARGET);
  say(session, '1. A good version. It gets more traffic as it proves itself, then 95 %, then everything.');
  let good = await ship(session, join(examples, 'v2'), 'The demo: a good version.');
  if (good === exitCodes.ok && (await newest(session)).result === 'nothing_to_do') {
    say(session, '   That version is live already, so the other good one takes its turn.');
    good = await ship(session, join(examples, 'v1'), 'The demo: the other good version.');
  }
  if (good !== exitCodes.ok) return good;
  say(session, '2. A bad version: about 30 % of its requests fail. Sluice has to notice by itself.');
  const bad = await ship(session, join(examples, 'v3-bad'), 'The demo: a bad version.');
  if (bad !== exitCodes.rolledBack) return bad === exitCodes.ok ? unexpectedPromotion() : bad;
  say(
    session,
    `That is all of it: the good version was promoted, the bad one was put back.\nThe record of both: sluice history ${TARGET}`,
  );
  return exitCodes.ok;
}

function ship(session: Session, dir: string, message: string): Promise<ExitCode> {
  return deploy(session, TARGET, { dir, message, watch: true });
}

async function newest(session: Session): Promise<Pick<DeploymentView, 'result'>> {
  const client = await session.client();
  const { items } = await client.listDeployments({ target: TARGET, limit: 1 });
  return items[0] ?? { result: null };
}

function say(session: Session, text: string): void {
  // With --json, standard output carries JSON only.
  if (session.json) note(session.screen, text);
  else printLines(session.screen, ['', ...text.split('\n').map((line) => ink(session.style, 'bold', line)), '']);
}

function unexpectedPromotion(): never {
  throw new Failure(
    'The bad version was promoted, which must not happen.',
    `"sluice history ${TARGET}" shows the evidence; "sluice rollback ${TARGET}" puts the good version back.`,
  );
}

/** The examples stand at the root of the clone; this file runs from a folder of it, built or not. */
function findExamples(): string {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    const examples = join(folder, 'examples', TARGET);
    if (existsSync(examples)) return examples;
    if (dirname(folder) === folder)
      throw new Failure('The folder examples/checkout is missing: this is not a complete clone of Sluice.', undefined);
  }
}

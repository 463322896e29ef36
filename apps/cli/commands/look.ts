import type { Command } from 'commander';
import { findDeployment, isDeploymentId } from '../connection/find-deployment.js';
import type { Session } from '../connection/session.js';
import { printJson, printLines } from '../context.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { usage } from '../failure.js';
import { overviewLines, readOverview } from '../look/overview.js';
import { readHistory } from '../look/read-history.js';
import { statusLines } from '../render/deployment.js';
import { historyLines } from '../render/history.js';
import { eventLines } from '../watch/event-line.js';
import { watchToEnd } from '../watch/watch-to-end.js';
import type { Runner } from './runner.js';

const ID_OR_TARGET = 'id of a deployment, or a target: its active or latest deployment';

/** Commands that only look. */
export function addLook(program: Command, runner: Runner): void {
  program
    .command('status')
    .summary('what is live, what is moving, and what to type next')
    .description('Shows one deployment; without an argument, what is live on every target.')
    .argument('[id|target]', ID_OR_TARGET)
    .action((name: string | undefined, _options: object, command: Command) =>
      runner.run(command, (session) => (name === undefined ? showOverview(session) : showStatus(session, name))),
    );
  program
    .command('watch')
    .summary('follow a deployment until it ends')
    .description('Follows a deployment until it ends or needs a person. Ctrl-C stops watching, never the deployment.')
    .argument('<id|target>', ID_OR_TARGET)
    .action((name: string, _options: object, command: Command) =>
      runner.run(command, async (session) => {
        const deployment = await findDeployment(await session.client(), name, 'latest');
        return watchToEnd(session, deployment, { after: 0 });
      }),
    );
  program
    .command('history')
    .summary('what was deployed to a target, and how it ended')
    .description('Lists the deployments of a target, newest first; for the id of a deployment, its events.')
    .argument('<target|id>', 'name of the target, or id of a deployment')
    .option('--limit <n>', 'how many deployments to list', '20')
    .action((name: string, options: { limit: string }, command: Command) =>
      runner.run(command, (session) =>
        isDeploymentId(name) ? showEvents(session, name) : showHistory(session, name, options.limit),
      ),
    );
}

async function showStatus(session: Session, name: string): Promise<ExitCode> {
  const deployment = await findDeployment(await session.client(), name, 'latest');
  if (session.json) printJson(session.screen, deployment);
  else printLines(session.screen, statusLines(session.style, deployment));
  return exitCodes.ok;
}

async function showOverview(session: Session): Promise<ExitCode> {
  const overview = await readOverview(await session.client());
  if (session.json) printJson(session.screen, { items: overview });
  else printLines(session.screen, overviewLines(session.style, overview));
  return exitCodes.ok;
}

async function showHistory(session: Session, target: string, limitText: string): Promise<ExitCode> {
  const limit = Number(limitText);
  if (!Number.isInteger(limit) || limit < 1) throw usage(`--limit ${limitText} is not a whole number above 0.`);
  const { deployments, hasOlder } = await readHistory(await session.client(), target, limit);
  if (session.json) {
    printJson(session.screen, { items: deployments });
    return exitCodes.ok;
  }
  printLines(session.screen, historyLines(session.style, target, deployments));
  if (hasOlder) printLines(session.screen, [`There are older ones: sluice history ${target} --limit ${limit * 2}`]);
  return exitCodes.ok;
}

const EVENTS_A_PAGE = 500;

async function showEvents(session: Session, id: string): Promise<ExitCode> {
  const client = await session.client();
  const events = [];
  for (let after: number | null = 0; after !== null; ) {
    const page: Awaited<ReturnType<typeof client.listEvents>> = await client.listEvents(id, {
      after,
      limit: EVENTS_A_PAGE,
    });
    events.push(...page.items);
    after = page.next;
  }
  if (session.json) printJson(session.screen, { items: events });
  else
    printLines(
      session.screen,
      events.flatMap((event) => eventLines(session.style, event)),
    );
  return exitCodes.ok;
}

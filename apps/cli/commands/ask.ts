import type { Command } from 'commander';
import { findDeployment } from '../connection/find-deployment.js';
import type { Session } from '../connection/session.js';
import { printJson, printLines } from '../context.js';
import { readPolicy } from '../deploy/read-policy.js';
import { readStrategy } from '../deploy/read-strategy.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { backtestLines } from '../render/backtest.js';
import { explanationLines } from '../render/explanation.js';
import { forecastLines } from '../render/forecast.js';
import type { Runner } from './runner.js';

/** Commands that ask the workers something and change nothing. */
export function addAsk(program: Command, runner: Runner): void {
  program
    .command('explain')
    .summary('what the judge saw and said, block by block')
    .description('Shows the evidence of a deployment block by block, with the verdict after each, and a small chart.')
    .argument('<id|target>', 'id of a deployment, or a target: its active or latest deployment')
    .action((name: string, _options: object, command: Command) =>
      runner.run(command, async (session) => {
        const client = await session.client();
        const deployment = await findDeployment(client, name, 'latest');
        const explanation = await client.explain(deployment.id);
        return show(session, explanation, explanationLines(session.style, deployment, explanation));
      }),
    );
  program
    .command('plan')
    .summary('what a strategy can see at this traffic, before anything is started')
    .description(
      'Says what a strategy could see at the traffic of the last days, and what it would cost. Starts nothing.',
    )
    .argument('<target>', 'name or id of the target')
    .option('--strategy <name|file.json>', "default: the target's own")
    .action((target: string, options: { strategy?: string }, command: Command) =>
      runner.run(command, (session) => plan(session, target, options.strategy)),
    );
  program
    .command('backtest')
    .summary('which recorded rollouts a policy would have stopped')
    .description(
      "Runs a policy over the recorded evidence of a target's rollouts and says which it would have stopped.",
    )
    .argument('<target>', 'name or id of the target')
    .requiredOption('--policy <file.json>', 'overrides of the judge\'s policy, "profile" among them')
    .action((target: string, options: { policy: string }, command: Command) =>
      runner.run(command, async (session) => {
        const policy = await readPolicy(options.policy, session.context.cwd);
        const result = await (await session.client()).backtest(target, { policy });
        return show(session, result, backtestLines(session.style, result));
      }),
    );
}

/** Also what `deploy --dry-run` does. */
export async function plan(session: Session, target: string, strategy: string | undefined): Promise<ExitCode> {
  const wanted = strategy === undefined ? {} : { strategy: await readStrategy(strategy, session.context.cwd) };
  const forecast = await (await session.client()).forecast(target, wanted);
  return show(session, forecast, forecastLines(session.style, forecast));
}

function show(session: Session, value: unknown, lines: readonly string[]): ExitCode {
  if (session.json) printJson(session.screen, value);
  else printLines(session.screen, lines);
  return exitCodes.ok;
}

import type { Command } from 'commander';
import { findDeployment } from '../connection/find-deployment.js';
import type { Session } from '../connection/session.js';
import { printJson, printLines } from '../context.js';
import { type PolicyOptions, readDeploymentPolicy, readPolicy } from '../deploy/read-policy.js';
import { readStrategy } from '../deploy/read-strategy.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { usage } from '../failure.js';
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
    .option('--strategy <name|file>', "default: the target's own, else adaptive")
    .option('--policy <file>', 'strategy and analysis from a JSON or YAML file')
    .action((target: string, options: PlanOptions, command: Command) =>
      runner.run(command, (session) => plan(session, target, options)),
    );
  program
    .command('backtest')
    .summary('which recorded rollouts a policy would have stopped')
    .description(
      "Runs a policy over the recorded evidence of a target's rollouts and says which it would have stopped.",
    )
    .argument('<target>', 'name or id of the target')
    .requiredOption('--policy <file>', 'the policy to try, JSON or YAML: its "analysis" is what decides')
    .action((target: string, options: { policy: string }, command: Command) =>
      runner.run(command, async (session) => {
        const { analysis } = await readPolicy(options, session.context.cwd);
        if (!analysis) throw usage(`${options.policy} has no "analysis": there is nothing to try.`);
        const policy = analysis;
        const result = await (await session.client()).backtest(target, { policy });
        return show(session, result, backtestLines(session.style, result));
      }),
    );
}

interface PlanOptions extends PolicyOptions {
  readonly strategy?: string;
}

/** Also what `deploy --dry-run` does. */
export async function plan(session: Session, target: string, options: PlanOptions): Promise<ExitCode> {
  const { cwd } = session.context;
  const policy = await readDeploymentPolicy(options, cwd);
  const strategy = options.strategy === undefined ? policy.strategy : await readStrategy(options.strategy, cwd);
  const wanted = {
    ...(strategy === undefined ? {} : { strategy }),
    ...(policy.analysis === undefined ? {} : { analysis: policy.analysis }),
  };
  const forecast = await (await session.client()).forecast(target, wanted);
  return show(session, forecast, forecastLines(session.style, forecast));
}

function show(session: Session, value: unknown, lines: readonly string[]): ExitCode {
  if (session.json) printJson(session.screen, value);
  else printLines(session.screen, lines);
  return exitCodes.ok;
}

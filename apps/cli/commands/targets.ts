import { type Command, Option } from 'commander';
import type { TargetView } from '#contracts';
import type { Session } from '../connection/session.js';
import { printJson, printLines } from '../context.js';
import { readStrategy } from '../deploy/read-strategy.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { readTargets } from '../look/read-targets.js';
import { targetLines, targetsLines } from '../render/targets.js';
import type { Runner } from './runner.js';

interface DefaultOptions {
  readonly policy?: 'queue' | 'supersede' | 'refuse';
  readonly strategy?: string;
  readonly probesSafe?: boolean;
}

interface CreateOptions extends DefaultOptions {
  readonly function: string;
  readonly alias: string;
  readonly region: string;
  readonly account: string;
}

interface UpdateOptions extends DefaultOptions {
  readonly name?: string;
}

export function addTargets(program: Command, runner: Runner): void {
  const targets = program
    .command('targets')
    .summary('what can be deployed to: list, create, update, delete')
    .description('A target is one alias of one function in one account and region. Without a subcommand: lists them.')
    .action((_options: object, command: Command) => runner.run(command, list));
  targets
    .command('list', { hidden: true })
    .description('Lists the targets.')
    .action((_options: object, command: Command) => runner.run(command, list));
  withDefaults(
    targets
      .command('create')
      .description('Makes a target. The alias must exist and point at a published version before the first deployment.')
      .argument('<name>', 'how you will call it: lower-case letters, digits, dots, dashes')
      .requiredOption('--function <name>', 'name of the Lambda function')
      .requiredOption('--alias <name>', 'name of the alias that callers invoke')
      .requiredOption('--region <region>', 'such as eu-central-1')
      .requiredOption('--account <id>', 'AWS account id, twelve digits'),
  ).action((name: string, options: CreateOptions, command: Command) =>
    runner.run(command, async (session) => {
      const defaults = await readDefaults(session, options);
      const client = await session.client();
      const body = {
        name,
        functionName: options.function,
        aliasName: options.alias,
        region: options.region,
        accountId: options.account,
      };
      return show(session, await client.createTarget({ ...body, ...defaults }), 'Created');
    }),
  );
  withDefaults(
    targets
      .command('update')
      .description("Changes a target's name or its defaults; what it points at never changes.")
      .argument('<target>', 'name or id of the target')
      .option('--name <name>', 'the new name'),
  ).action((target: string, options: UpdateOptions, command: Command) =>
    runner.run(command, async (session) => {
      const defaults = await readDefaults(session, options);
      const client = await session.client();
      const body = { ...(options.name === undefined ? {} : { name: options.name }), ...defaults };
      return show(session, await client.updateTarget(target, body), 'Updated');
    }),
  );
  targets
    .command('delete')
    .description('Deletes a target that never had a deployment. The function and its alias are not touched.')
    .argument('<target>', 'name or id of the target')
    .action((target: string, _options: object, command: Command) =>
      runner.run(command, (session) => remove(session, target)),
    );
}

function withDefaults(command: Command): Command {
  return command
    .addOption(
      new Option('--policy <policy>', 'what to do with a deployment when the target is busy').choices([
        'queue',
        'supersede',
        'refuse',
      ]),
    )
    .option('--strategy <name|file.json>', 'how deployments shift when they do not say')
    .option('--probes-safe', 'invoking the function twice, or for nothing, does no harm: probes may be sent')
    .option('--no-probes-safe', 'no probe may be sent');
}

async function readDefaults(session: Session, { policy, strategy, probesSafe }: DefaultOptions) {
  return {
    ...(policy === undefined ? {} : { policy }),
    ...(probesSafe === undefined ? {} : { probes: { safe: probesSafe } }),
    ...(strategy === undefined ? {} : { strategy: await readStrategy(strategy, session.context.cwd) }),
  };
}

async function list(session: Session): Promise<ExitCode> {
  const targets = await readTargets(await session.client());
  if (session.json) printJson(session.screen, { items: targets });
  else printLines(session.screen, targetsLines(session.style, targets));
  return exitCodes.ok;
}

function show(session: Session, target: TargetView, done: string): ExitCode {
  if (session.json) printJson(session.screen, target);
  else printLines(session.screen, targetLines(session.style, target, done));
  return exitCodes.ok;
}

async function remove(session: Session, target: string): Promise<ExitCode> {
  const client = await session.client();
  await client.deleteTarget(target);
  if (session.json) printJson(session.screen, { deleted: target });
  else printLines(session.screen, [`Deleted ${target}. The function and its alias were not touched.`]);
  return exitCodes.ok;
}

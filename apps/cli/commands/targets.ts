import { type Command, InvalidArgumentError, Option } from 'commander';
import type { TargetView, UpdateTarget } from '#contracts';
import type { Session } from '../connection/session.js';
import { printJson, printLines } from '../context.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { usage } from '../failure.js';
import { readTargets } from '../look/read-targets.js';
import { targetLines, targetsLines } from '../render/targets.js';
import { readSettings, type SettingsOptions } from '../targets/read-settings.js';
import type { Runner } from './runner.js';

interface CreateOptions extends SettingsOptions {
  readonly function: string;
  readonly alias: string;
  readonly region: string;
  readonly account: string;
}

interface UpdateOptions extends SettingsOptions {
  readonly name?: string;
  readonly reset?: readonly Resettable[];
}

type Resettable = NonNullable<UpdateTarget['reset']>[number];

export function addTargets(program: Command, runner: Runner): void {
  const targets = program
    .command('targets')
    .summary('what can be deployed to: list, show, create, update, delete')
    .description('A target is one alias of one function in one account and region. Without a subcommand: lists them.')
    .action((_options: object, command: Command) => runner.run(command, list));
  targets
    .command('list', { hidden: true })
    .description('Lists the targets.')
    .action((_options: object, command: Command) => runner.run(command, list));
  targets
    .command('show')
    .description('Shows everything that is set for a target.')
    .argument('<target>', 'name or id of the target')
    .action((target: string, _options: object, command: Command) =>
      runner.run(command, async (session) => show(session, await (await session.client()).getTarget(target), '')),
    );
  withSettings(
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
      const settings = await readSettings(options, session.context.cwd);
      const client = await session.client();
      const body = {
        name,
        functionName: options.function,
        aliasName: options.alias,
        region: options.region,
        accountId: options.account,
      };
      return show(session, await client.createTarget({ ...body, ...settings }), 'Created');
    }),
  );
  withSettings(
    targets
      .command('update')
      .alias('set')
      .description("Changes a target's name or its settings; what it points at never changes.")
      .argument('<target>', 'name or id of the target')
      .option('--name <name>', 'the new name')
      .addOption(
        new Option('--reset <member>', 'back to the default; repeatable').choices(RESETTABLE).argParser(collectChoice),
      ),
  ).action((target: string, options: UpdateOptions, command: Command) =>
    runner.run(command, async (session) => {
      const client = await session.client();
      const settings = await readSettings(options, session.context.cwd, await client.getTarget(target));
      const { name, reset } = options;
      const named = { ...(name === undefined ? {} : { name }), ...(reset ? { reset: [...reset] } : {}) };
      const body = { ...named, ...settings };
      if (Object.keys(body).length === 0)
        throw usage('Nothing to change was named.', 'See sluice targets update --help.');
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

/** What a target holds for its deployments. `--policy` names them all in one file; single options lie over it. */
function withSettings(command: Command): Command {
  return command
    .option('--policy <file>', 'all of the following in one JSON or YAML file')
    .addOption(
      new Option('--when-busy <how>', 'what to do with a deployment when the target is busy').choices([
        'queue',
        'supersede',
        'refuse',
      ]),
    )
    .option('--strategy <name|file>', 'how deployments shift when they do not say')
    .addOption(
      new Option('--profile <name>', 'how the judge decides').choices([
        'cloudwatch',
        'careful',
        'fast',
        'strict',
        'steps',
      ]),
    )
    .addOption(new Option('--judge <on|off>', 'whether versions are compared at all').choices(['on', 'off']))
    .option('--metrics <source|file>', 'where evidence comes from: cloudwatch, logs, or a JSON or YAML file')
    .option('--period <duration>', 'length of a period of evidence')
    .option('--settle <duration>', 'how long after its end a period may still change')
    .option('--alarm <name>', 'a CloudWatch alarm that rolls back; repeatable, replaces those before', collect)
    .option('--no-alarms', 'watch no alarms')
    .addOption(
      new Option('--alarms-at-start <what>', 'when an alarm is red before anything moves').choices([
        'refuse',
        'hold',
        'proceed',
      ]),
    )
    .addOption(
      new Option('--on-inconclusive <what>', 'when a gate gets no verdict until its deadline').choices([
        'rollback',
        'hold',
      ]),
    )
    .option('--prepare-deadline <duration>', 'from the start until the version is active')
    .option('--analysis-deadline <duration>', 'how long a gate waits for a verdict')
    .option('--person-deadline <duration>', 'how long a pause or an approval may last')
    .option('--probes-safe', 'invoking the function twice, or for nothing, does no harm: probes may be sent')
    .option('--no-probes-safe', 'no probe may be sent')
    .option('--probes-from-log', 'consent: payloads the function marks in its log may be sent to it as probes')
    .option('--no-probes-from-log', 'takes that back');
}

function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

const RESETTABLE = ['strategy', 'deadlines', 'onInconclusive', 'analysis', 'metrics', 'alarms'];

function collectChoice(value: string, previous: string[] | undefined): string[] {
  if (!RESETTABLE.includes(value)) throw new InvalidArgumentError(`Allowed choices are ${RESETTABLE.join(', ')}.`);
  return collect(value, previous);
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

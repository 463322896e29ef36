import { type Command, Option } from 'commander';
import { deploy } from '../deploy/deploy.js';
import type { DeployOptions } from '../deploy/deploy-request.js';
import { plan } from './ask.js';
import type { Runner } from './runner.js';

export function addDeploy(program: Command, runner: Runner): void {
  program
    .command('deploy')
    .summary('ship code or configuration to a target, a few percent at a time')
    .description(
      'Ships code, configuration or both to a target, a few percent at a time. Without --watch it returns as soon as Sluice has accepted the deployment.',
    )
    .argument('<target>', 'name or id of the target')
    .addOption(new Option('--dir <folder>', 'zip this folder and ship it').conflicts(['zip', 's3', 'image']))
    .addOption(new Option('--zip <file>', 'ship this zip').conflicts(['s3', 'image']))
    .addOption(new Option('--s3 <uri>', 'ship this object: s3://bucket/key@versionId').conflicts(['image']))
    .option('--image <uri>', 'ship this container image: an ECR address with a tag or digest')
    .option('--strategy <name|file>', "how to shift; default: the target's own, else adaptive")
    .option('--env <NAME=VALUE>', 'set an environment variable of the function; repeatable', collect)
    .option('--unset-env <NAME>', 'remove an environment variable of the function; repeatable', collect)
    .option('--memory <MB>', "set the function's memory")
    .option('--timeout <seconds>', "set the function's timeout")
    .option('--message <text>', 'why, for the history')
    .option('--commit <sha>', 'the commit this comes from')
    .option('--policy <file>', 'strategy, analysis, deadlines and the like in one JSON or YAML file')
    .addOption(
      new Option('--when-busy <how>', 'what to do when the target is busy').choices(['queue', 'supersede', 'refuse']),
    )
    .option('--probes <file>', 'payloads (one JSON value a line) to try on both versions before any traffic')
    .option(
      '--probes-from-log [count]',
      'the same with the newest payloads that the function has marked in its log (20)',
    )
    .option('--probe-answers', 'a probe also fails when its answer has another form than on the old version')
    .option('--probes-slower-than <times>', 'probes also fail when they take this many times as long')
    .option('--probes-independent', 'the payloads are a sample of real requests: they count as evidence')
    .option('--quiet', 'no forecast before it starts')
    .option('--despite-alarms', 'go on although an alarm of the target is red already: this is the cure')
    .option('--idempotency-key <key>', 'the same key and request again is accepted only once')
    .option('--dry-run', 'only say what the strategy can see at this traffic; start nothing')
    .option('--watch', 'stay until it ends; the exit code says how')
    .action((target: string, options: DeployOptions, command: Command) =>
      runner.run(command, (session) =>
        options.dryRun ? plan(session, target, options) : deploy(session, target, options),
      ),
    );
}

function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

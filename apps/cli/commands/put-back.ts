import { randomUUID } from 'node:crypto';
import { type Command, Option } from 'commander';
import { usage } from '../failure.js';
import type { Runner } from './runner.js';
import { showOrWatch } from './show.js';

interface RollbackOptions {
  readonly to?: string;
  readonly toDeployment?: string;
  readonly message?: string;
  readonly watch?: boolean;
}

/** Commands that put one version in place at once, without steps. */
export function addPutBack(program: Command, runner: Runner): void {
  program
    .command('rollback')
    .summary('put an earlier version back at once')
    .description(
      'Gives an earlier version all traffic, at once. Without --to: the rollback point of the active deployment, else what was live before the last one. A deployment that is under way is stopped by it.',
    )
    .argument('<target>', 'name or id of the target')
    .addOption(new Option('--to <version>', 'the version, one of "sluice history"').conflicts('toDeployment'))
    .option('--to-deployment <id>', 'the version that this deployment introduced')
    .option('--message <text>', 'why, for the history')
    .option('--watch', 'stay until it ends; the exit code says how')
    .action((target: string, options: RollbackOptions, command: Command) =>
      runner.run(command, async (session) => {
        const body = {
          ...(options.to === undefined ? {} : { toVersion: readVersion(options.to) }),
          ...(options.toDeployment === undefined ? {} : { toDeployment: options.toDeployment }),
          ...(options.message === undefined ? {} : { message: options.message }),
        };
        const client = await session.client();
        return showOrWatch(session, await client.rollback(target, body, randomUUID()), options.watch);
      }),
    );
  program
    .command('settle')
    .summary('give one version all traffic of an alias that is split or on $LATEST')
    .description(
      'Puts an alias that somebody left split between two versions, or on $LATEST, onto one published version, so that it can be deployed to.',
    )
    .argument('<target>', 'name or id of the target')
    .requiredOption('--to <version>', 'the version that shall have all traffic')
    .option('--message <text>', 'why, for the history')
    .option('--watch', 'stay until it ends; the exit code says how')
    .action((target: string, options: Required<Pick<RollbackOptions, 'to'>> & RollbackOptions, command: Command) =>
      runner.run(command, async (session) => {
        const toVersion = readVersion(options.to);
        const client = await session.client();
        const body = { toVersion, ...(options.message === undefined ? {} : { message: options.message }) };
        return showOrWatch(session, await client.settle(target, body, randomUUID()), options.watch);
      }),
    );
}

function readVersion(text: string): string {
  const [, version] = /^v?([1-9]\d{0,9})$/.exec(text) ?? [];
  if (!version) throw usage(`"${text}" is not a version.`, 'A version is a published number such as 7.');
  return version;
}

import { type Command, Option } from 'commander';
import type { Client, DeploymentView } from '#contracts';
import { findDeployment, type Meaning } from '../connection/find-deployment.js';
import { usage } from '../failure.js';
import type { Runner } from './runner.js';
import { showOrWatch } from './show.js';

interface ActOptions {
  readonly message?: string;
  readonly watch?: boolean;
  readonly step?: boolean;
}

interface Act {
  readonly name: string;
  readonly summary: string;
  readonly meaning: Meaning;
  /** Promote and approve name the state the person saw instead of carrying a message. */
  readonly takesMessage: boolean;
  perform(client: Client, deployment: DeploymentView, options: ActOptions): Promise<DeploymentView>;
}

const plain =
  (method: 'pause' | 'resume' | 'abort' | 'cancel'): Act['perform'] =>
  (client, { id }, { message }) =>
    client[method](id, message);

const acts: readonly Act[] = [
  {
    name: 'promote',
    summary: 'skip the remaining steps and give the canary all traffic',
    meaning: 'active',
    takesMessage: false,
    perform: (client, { id, sequence }, { step }) => client.promote(id, sequence, step),
  },
  {
    name: 'approve',
    summary: 'let a deployment through the approval it waits for',
    meaning: 'active',
    takesMessage: false,
    perform: (client, { id, sequence }) => client.approve(id, sequence),
  },
  {
    name: 'pause',
    summary: 'hold the weight where it is; the judge keeps watching',
    meaning: 'active',
    takesMessage: true,
    perform: plain('pause'),
  },
  { name: 'resume', summary: 'go on after a pause', meaning: 'active', takesMessage: true, perform: plain('resume') },
  {
    name: 'abort',
    summary: 'stop a deployment and give the stable version all traffic back',
    meaning: 'active',
    takesMessage: true,
    perform: plain('abort'),
  },
  {
    name: 'cancel',
    summary: 'take a deployment out of the queue',
    meaning: 'queued',
    takesMessage: true,
    perform: plain('cancel'),
  },
];

export function addActs(program: Command, runner: Runner): void {
  for (const act of acts) {
    const command = program
      .command(act.name)
      .summary(act.summary)
      .description(`${act.summary[0]?.toUpperCase()}${act.summary.slice(1)}.`)
      .argument(
        '<id|target>',
        act.meaning === 'queued'
          ? 'id of a deployment, or a target: what waits in its queue'
          : 'id of a deployment, or a target: its active deployment',
      );
    if (act.name === 'promote') command.option('--step', 'only leave the present step');
    if (act.takesMessage) command.option('--message <text>', 'why, for the history');
    command.option('--watch', 'stay until it ends; the exit code says how');
    command.action((name: string, options: ActOptions, self: Command) =>
      runner.run(self, async (session) => {
        const client = await session.client();
        const deployment = await findDeployment(client, name, act.meaning);
        return showOrWatch(session, await act.perform(client, deployment, options), options.watch);
      }),
    );
  }
  addResolve(program, runner);
}

interface ResolveOptions extends ActOptions {
  readonly acceptAsIs?: boolean;
  readonly restore?: boolean;
  readonly abandon?: boolean;
}

function addResolve(program: Command, runner: Runner): void {
  program
    .command('resolve')
    .summary('decide about a deployment that drifted or needs a person')
    .description(
      'Decides about a deployment that stopped because somebody else moved the alias, or because the rollback itself was refused.',
    )
    .argument('<id|target>', 'id of the deployment, or its target')
    .addOption(new Option('--accept-as-is', 'keep the alias as it is now, and end').conflicts(['restore', 'abandon']))
    .addOption(new Option('--restore', 'put the rollback point back over what was found').conflicts(['abandon']))
    .option('--abandon', 'give the deployment up and touch nothing')
    .option('--message <text>', 'why, for the history')
    .option('--watch', 'stay until it ends; the exit code says how')
    .action((name: string, options: ResolveOptions, self: Command) =>
      runner.run(self, async (session) => {
        const choice = choiceOf(options);
        const client = await session.client();
        const { id } = await findDeployment(client, name, 'active');
        return showOrWatch(session, await client[choice](id, options.message), options.watch);
      }),
    );
}

function choiceOf(options: ResolveOptions): 'acceptAsIs' | 'restore' | 'abandon' {
  if (options.acceptAsIs) return 'acceptAsIs';
  if (options.restore) return 'restore';
  if (options.abandon) return 'abandon';
  throw usage(
    'Say how to resolve it.',
    '--accept-as-is keeps the alias as it is now; --restore puts the rollback point back; --abandon ends without touching anything.',
  );
}

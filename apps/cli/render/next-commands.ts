import type { DeploymentView } from '#contracts';
import { ink, type Style, widthOf } from './style.js';

/** What somebody can type now, each with what it will do. */
export function nextCommands(style: Style, deployment: DeploymentView): string[] {
  const commands = deployment.ended ? commandsAfter(deployment) : commandsDuring(deployment);
  if (commands.length === 0) return [];
  const width = Math.max(...commands.map(([command]) => widthOf(command)));
  return [
    '',
    'Next:',
    ...commands.map(([command, effect]) => `  ${ink(style, 'cyan', command.padEnd(width))}  ${effect}`),
  ];
}

type Suggestion = readonly [command: string, effect: string];

function commandsDuring(deployment: DeploymentView): Suggestion[] {
  const queued = deployment.phase === 'queued';
  // A target's name means its active deployment; one that waits in the queue has to be named by its id.
  const name = queued ? deployment.id : deployment.target.name;
  const canary = deployment.canaryVersion ? `version ${deployment.canaryVersion}` : 'the canary';
  const back = deployment.rollbackPoint
    ? `stop, and give version ${deployment.rollbackPoint.version} all traffic back`
    : 'stop before anything is shifted';
  const effects: Record<DeploymentView['allowedActions'][number], Suggestion> = {
    approve: [`sluice approve ${name}`, 'let it go on'],
    promote: [`sluice promote ${name}`, `skip the remaining steps: all traffic to ${canary}`],
    pause: [`sluice pause ${name}`, 'hold the weight where it is'],
    resume: [`sluice resume ${name}`, 'go on from here'],
    cancel: [`sluice cancel ${name}`, 'take it out of the queue'],
    abort: [`sluice abort ${name}`, back],
    'accept-as-is': [`sluice resolve ${name} --accept-as-is`, 'keep the alias as it is now, and end'],
    restore: [`sluice resolve ${name} --restore`, back],
    abandon: [`sluice resolve ${name} --abandon`, 'end without touching the alias'],
  };
  return deployment.allowedActions
    .filter((action) => isWorthSaying(action, deployment))
    .map((action) => effects[action]);
}

/** Leaves out what is allowed and pointless: pausing what is paused, aborting what `cancel` or `resolve` ends better. */
function isWorthSaying(action: DeploymentView['allowedActions'][number], deployment: DeploymentView): boolean {
  if (action === 'pause') return deployment.phase !== 'paused';
  if (action !== 'abort') return true;
  return (
    deployment.phase !== 'rolling_back' &&
    !deployment.allowedActions.some((other) => ['cancel', 'restore'].includes(other))
  );
}

function commandsAfter(deployment: DeploymentView): Suggestion[] {
  const { name } = deployment.target;
  const history: Suggestion = [`sluice history ${name}`, 'what was deployed here, and how it ended'];
  const point = deployment.rollbackPoint?.version;
  if (deployment.result === 'promoted' && point) {
    return [[`sluice rollback ${name} --to ${point}`, `put version ${point} back`], history];
  }
  return [history];
}

import type { TargetView } from '#contracts';
import type { Style } from './style.js';
import { facts, table } from './table.js';

export function targetsLines(style: Style, targets: readonly TargetView[]): string[] {
  if (targets.length === 0) {
    return [
      'There are no targets yet.',
      'Make one: sluice targets create NAME --function F --alias A --region R --account ID',
    ];
  }
  const rows = targets.map((target) => [
    target.name,
    target.functionName,
    target.aliasName,
    target.region,
    target.accountId,
    strategyName(target) ?? '-',
    target.policy,
    target.activeDeploymentId ? 'deploying' : 'idle',
  ]);
  return table(style, ['TARGET', 'FUNCTION', 'ALIAS', 'REGION', 'ACCOUNT', 'STRATEGY', 'WHEN BUSY', 'NOW'], rows);
}

export function targetLines(style: Style, target: TargetView, done: string): string[] {
  return [
    `${done} ${target.name}.`,
    ...facts(style, [
      ['Function', target.functionName],
      ['Alias', target.aliasName],
      ['Region', target.region],
      ['Account', target.accountId],
      ['Strategy', strategyName(target)],
      ['When busy', target.policy],
      ['Judge', target.analysisOff ? 'switched off' : undefined],
      ['Id', target.id],
    ]),
  ];
}

function strategyName({ strategy }: TargetView): string | undefined {
  if (strategy === null) return undefined;
  return typeof strategy === 'string' ? strategy : strategy.type;
}

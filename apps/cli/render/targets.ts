import type { TargetView } from '#contracts';
import type { Style } from './style.js';
import { facts, table } from './table.js';
import { duration } from './words.js';

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
    strategyName(target) ?? 'adaptive',
    target.policy,
    target.activeDeploymentId ? 'deploying' : 'idle',
  ]);
  return table(style, ['TARGET', 'FUNCTION', 'ALIAS', 'REGION', 'ACCOUNT', 'STRATEGY', 'WHEN BUSY', 'NOW'], rows);
}

export function targetLines(style: Style, target: TargetView, done: string): string[] {
  return [
    done ? `${done} ${target.name}.` : target.name,
    ...facts(style, [
      ['Function', target.functionName],
      ['Alias', target.aliasName],
      ['Region', target.region],
      ['Account', target.accountId],
      ['Strategy', strategyWords(target)],
      ['When busy', target.policy],
      ['Judge', judgeWords(target)],
      ['Metrics', metricsWords(target)],
      ['Alarms', target.alarms.length > 0 ? target.alarms.join(', ') : undefined],
      ['Undecided', target.onInconclusive ? `${target.onInconclusive} when a gate gets no verdict` : undefined],
      ['Deadlines', deadlineWords(target)],
      ['Probes', probeWords(target)],
      ['Id', target.id],
    ]),
  ];
}

function probeWords({ probes: { safe, recordFromLog } }: TargetView): string | undefined {
  if (!safe) return undefined;
  const fromLog = recordFromLog ? `, also with payloads from its log (${recordFromLog.by}, ${recordFromLog.at})` : '';
  return `may be sent${fromLog}`;
}

function strategyWords(target: TargetView): string {
  const { strategy } = target;
  if (strategy === null) return target.analysisOff ? 'Canary10Percent5Minutes (default)' : 'adaptive (default)';
  return typeof strategy === 'string' ? strategy : JSON.stringify(strategy);
}

function judgeWords({ analysis, analysisOff }: TargetView): string {
  if (analysisOff) return 'switched off';
  const { profile, ...changes } = analysis ?? {};
  const changed = Object.keys(changes).length > 0 ? `, with ${JSON.stringify(changes)}` : '';
  return `profile ${profile ?? 'by the pace of its metrics'}${changed}`;
}

function metricsWords({ metrics }: TargetView): string | undefined {
  if (!metrics) return undefined;
  const { source, periodSeconds, settleSeconds } = metrics;
  const place = 'url' in metrics ? ` at ${metrics.url}` : '';
  const period = periodSeconds === undefined ? '' : `, periods of ${duration(periodSeconds * 1000)}`;
  const settle = settleSeconds === undefined ? '' : `, settled after ${duration(settleSeconds * 1000)}`;
  return `${source}${place}${period}${settle}`;
}

function deadlineWords({ deadlines }: TargetView): string | undefined {
  const { prepareSeconds, analysisSeconds, personSeconds } = deadlines ?? {};
  const named = [
    ['prepare', prepareSeconds],
    ['verdict', analysisSeconds],
    ['person', personSeconds],
  ] as const;
  const words = named.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${duration(value * 1000)}`]));
  return words.length > 0 ? words.join(', ') : undefined;
}

function strategyName({ strategy }: TargetView): string | undefined {
  if (strategy === null) return undefined;
  return typeof strategy === 'string' ? strategy : strategy.type;
}

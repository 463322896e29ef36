import type { TargetView } from '#contracts';
import type { TargetRow } from '#store';
import { isoTime } from '../deployments/value-view.js';
import { readSettings } from './target-settings.js';

export function targetView(row: TargetRow, activeDeploymentId: string | undefined): TargetView {
  const settings = readSettings(row);
  return {
    id: row.id,
    name: row.name,
    functionName: row.functionName,
    aliasName: row.aliasName,
    region: row.region,
    accountId: row.accountId,
    policy: row.policy,
    strategy: settings.strategy ?? null,
    deadlines: settings.deadlines ?? null,
    onInconclusive: settings.onInconclusive ?? null,
    analysis: settings.analysis ?? null,
    metrics: settings.metrics ?? null,
    alarms: settings.alarms ?? [],
    alarmsAtStart: settings.alarmsAtStart ?? 'refuse',
    probes: { safe: settings.probes?.safe ?? false, recordFromLog: settings.probeConsent ?? null },
    analysisOff: settings.analysis === null,
    activeDeploymentId: activeDeploymentId ?? null,
    createdAt: isoTime(row.createdAt),
    updatedAt: isoTime(row.updatedAt),
  };
}

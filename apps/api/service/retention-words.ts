import type { RetentionReport } from '#store';
import { isoTime } from '../deployments/value-view.js';

/** What is kept, in one sentence, from what the workers wrote down: the API's own settings may be others. */
export function retentionWords(report: RetentionReport | undefined): string {
  if (!report) return 'No worker has applied a retention policy yet; nothing has been pruned.';
  const { historyDays, keepPerTarget } = report.policy;
  if (historyDays === 0) return 'Histories are kept for ever.';
  const kept = `Histories are kept for ${historyDays} days, and the latest ${keepPerTarget} of each target for longer.`;
  if (report.newestPrunedAt === undefined) return `${kept} None has been pruned so far.`;
  const many = report.deployments === 1 ? 'One has' : `${report.deployments} have`;
  return `${kept} ${many} been pruned, all of deployments that had ended by ${isoTime(report.newestPrunedAt)}.`;
}

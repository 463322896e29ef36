import type { AnalysisPolicy } from './policy.js';

/**
 * The excess error rate that a pass excludes on top of the ratio, chosen by traffic: what can be told apart in a few
 * minutes. Below 5 requests a second it means at most about 1.5 undetected errors a minute after the promotion.
 */
export function advanceMargin(offset: AnalysisPolicy['advanceNull']['offset'], requestsPerSecond: number): number {
  if (typeof offset === 'number') return offset;
  const rps = Math.max(requestsPerSecond, 1e-9);
  if (offset === 'by_traffic_strict') return Math.min(0.25, Math.max(0.001, 0.05 / rps));
  return Math.min(0.25, Math.max(0.002, Math.min(0.005, 0.5 / rps), 0.025 / rps));
}

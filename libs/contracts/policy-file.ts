import { z } from 'zod';
import { analysisOverrides } from './analysis.js';
import { policyProbes } from './probes.js';
import { deadlines, onInconclusive, strategyInput } from './strategy.js';
import { queuePolicy, targetAlarms, targetMetrics } from './targets.js';

/**
 * How deployments are rolled out and judged, in a file of its own (JSON or YAML) beside the code: the same members, with
 * the same meanings, as in the requests they go into. Every member may be left out.
 */
export const policyFile = z.strictObject({
  strategy: strategyInput.optional(),
  deadlines: deadlines.optional(),
  onInconclusive: onInconclusive.optional(),
  analysis: analysisOverrides.nullable().optional(),
  policy: queuePolicy.optional(),
  metrics: targetMetrics.optional(),
  alarms: targetAlarms.optional(),
  probes: policyProbes.optional(),
});
export type PolicyFile = z.infer<typeof policyFile>;

/** Members that say how a target is measured: they belong to the target and not to one deployment. */
export const targetOnlyMembers = ['metrics', 'alarms'] as const;
/** The same among the members of `probes`; the others belong to one deployment. */
export const targetOnlyProbes = ['safe', 'recordFromLog'] as const;

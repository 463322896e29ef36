import { z } from 'zod';
import type { RolloutEvent, RolloutState } from '#rollout';
import type { EvidenceRecord } from './api.js';

/**
 * Rows read back are parsed like any other input: a row written by an older or newer release, or damaged by hand, is a
 * named problem of that one deployment and never a crash of the process that reads it. A field that this release does
 * not know counts as such a problem: it would be lost with the next write, and it may be what the newer release's safety
 * rests on.
 */
const version = z.string().regex(/^[1-9]\d*$/, 'a published version number');
const aliasValue = z.strictObject({
  version,
  canary: z.strictObject({ version, weightPercent: z.number().min(0).max(100) }).optional(),
});
/** An alias as somebody else left it may point at `$LATEST`. */
const foundAliasValue = z.strictObject({
  version: z.string(),
  canary: z.strictObject({ version: z.string(), weightPercent: z.number() }).optional(),
});
const gate = z.strictObject({ kind: z.enum(['analysis', 'approval']) });
const plan = z.strictObject({
  strategy: z.string(),
  steps: z.array(
    z.strictObject({ weightPercent: z.number().gt(0).lt(100), bakeSeconds: z.number(), gates: z.array(gate) }),
  ),
  adaptive: z.literal(true).optional(),
  deadlines: z.strictObject({ prepareSeconds: z.number(), analysisSeconds: z.number(), personSeconds: z.number() }),
  onInconclusive: z.enum(['rollback', 'hold']),
  watchSeconds: z.number().positive(),
  analysis: z.record(z.string(), z.unknown()).nullable(),
  probes: z
    .object({
      payloads: z.number().int(),
      compare: z.enum(['outcome', 'shape']),
      timeoutSeconds: z.number(),
      deadlineSeconds: z.number(),
      slowerThan: z.number().optional(),
      independent: z.literal(true).optional(),
      fromLog: z.literal(true).optional(),
      onInconclusive: z.enum(['fail', 'continue']),
    })
    .optional(),
});
const reason = z.strictObject({ code: z.string(), sentence: z.string(), by: z.string().optional() });
const writeName = z.enum(['UpdateConfiguration', 'UpdateCode', 'PublishVersion', 'ShiftWeight', 'Promote', 'Restore']);
const claim = z.strictObject({
  command: writeName,
  token: z.string(),
  wanted: aliasValue.optional(),
  unresolved: z.boolean().optional(),
});
const point = z.strictObject({ version });
const underway = { kind: z.enum(['rollout', 'restore']), plan };
const captured = z.strictObject({
  point,
  aliasRevisionId: z.string(),
  latestRevisionId: z.string(),
  codeSha256: z.string(),
  needsCode: z.boolean(),
  highestVersion: z.number().int(),
});
const moving = {
  ...underway,
  point,
  canary: z.string(),
  revisionId: z.string(),
  value: foundAliasValue,
  intents: z.array(foundAliasValue),
  step: z.number().int().min(0),
  weightTarget: z.number().gt(0).lt(100).optional(),
  claim: claim.optional(),
  unansweredAt: z.number().optional(),
};
const bake = { bakeStartedAt: z.number(), bakeUntil: z.number(), confirmedAt: z.number() };
const gateName = z.enum(['analysis', 'approval']);
const ended = {
  ...underway,
  reason: reason.optional(),
  point: point.optional(),
  canary: z.string().optional(),
  value: foundAliasValue.optional(),
};

const stateSchema = z.discriminatedUnion('phase', [
  z.strictObject({ ...underway, phase: z.literal('queued'), since: z.number(), restoreTo: z.string().optional() }),
  z.strictObject({
    ...underway,
    phase: z.literal('preparing'),
    deadlineAt: z.number(),
    restoreTo: z.string().optional(),
    captured: captured.optional(),
    stage: z.enum(['configure', 'settle', 'update_code', 'publish', 'activate', 'probe']).optional(),
    published: z.string().optional(),
    firstWeightPercent: z.number().gt(0).lt(100).optional(),
    probeRounds: z.number().int().optional(),
    claim: claim.optional(),
  }),
  z.strictObject({
    ...moving,
    phase: z.literal('shifting'),
    pauseAsked: z.strictObject({ by: z.string() }).optional(),
  }),
  z.strictObject({ ...moving, ...bake, phase: z.literal('baking') }),
  z.strictObject({
    ...moving,
    ...bake,
    phase: z.literal('gated'),
    gate: gateName,
    since: z.number(),
    deadlineAt: z.number(),
    held: z.boolean().optional(),
  }),
  z.strictObject({
    ...moving,
    ...bake,
    phase: z.literal('paused'),
    by: z.string(),
    since: z.number(),
    deadlineAt: z.number(),
    gate: gateName.optional(),
  }),
  z.strictObject({ ...moving, phase: z.literal('promoting') }),
  z.strictObject({ ...moving, phase: z.literal('rolling_back'), reason, before: foundAliasValue.optional() }),
  z.strictObject({
    ...moving,
    phase: z.literal('drifted'),
    expected: foundAliasValue,
    observed: foundAliasValue,
    observedRevisionId: z.string(),
  }),
  z.strictObject({ ...moving, phase: z.literal('needs_human'), reason }),
  z.strictObject({
    ...ended,
    phase: z.literal('succeeded'),
    result: z.enum(['promoted', 'nothing_to_do', 'restored']),
  }),
  z.strictObject({ ...ended, phase: z.literal('rolled_back'), reason, point }),
  z.strictObject({ ...ended, phase: z.literal('failed'), reason }),
  z.strictObject({ ...ended, phase: z.literal('cancelled'), reason }),
  z.strictObject({ ...ended, phase: z.literal('superseded'), reason }),
  z.strictObject({ ...ended, phase: z.literal('target_gone'), reason }),
]);

/** Throws `UnreadableRow` when the stored value is not a rollout this release understands. */
export function parseState(stored: unknown, deploymentId: string, sequence?: number): RolloutState {
  const parsed = stateSchema.safeParse(stored);
  if (!parsed.success) throw new UnreadableRow(deploymentId, z.prettifyError(parsed.error), sequence);
  return parsed.data as RolloutState;
}

const evidenceSchema = z.object({
  verdict: z.enum(['pass', 'fail', 'continue', 'inconclusive']),
  sentence: z.string(),
  numbers: z.record(z.string(), z.unknown()),
  judge: z.unknown(),
  at: z.number(),
});

/**
 * Evidence of an unknown form counts as none: the judge then begins anew, and until it has seen enough nothing is
 * promoted. The state is another matter, nobody may guess at that.
 */
export function parseEvidence(stored: unknown): EvidenceRecord | undefined {
  return stored === null ? undefined : evidenceSchema.safeParse(stored).data;
}

/** Events of a newer release are shown as they are; only their envelope is checked. */
const eventSchema = z.looseObject({ type: z.string(), at: z.number() });

export function parseEvent(stored: unknown, deploymentId: string): RolloutEvent {
  const parsed = eventSchema.safeParse(stored);
  if (!parsed.success) throw new UnreadableRow(deploymentId, z.prettifyError(parsed.error));
  return parsed.data as unknown as RolloutEvent;
}

/** A stored row that this release cannot understand: it stops one deployment, nothing else. */
export class UnreadableRow extends Error {
  constructor(
    readonly deploymentId: string,
    problem: string,
    /** The row's, where it was the row that was read. */
    readonly sequence?: number,
  ) {
    super(`Deployment ${deploymentId} is stored in a form this release cannot read: ${problem}`);
  }
}

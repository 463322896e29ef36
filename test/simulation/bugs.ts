/**
 * Mistakes that somebody could make, each put into the simulated world by name (never into the product): the simulator
 * is worth its name only if it notices every one of them.
 */
export const bugs = {
  'no claim fence': 'a claim is recorded whatever sequence the row has',
  'no lease': 'a claim is taken over while its holder may still act',
  'record without compare-and-swap': 'an outcome is recorded whatever sequence the row has',
  'no sequence bump on claim': 'a claim leaves the sequence as it was',
  'no sequence bump on act': 'what a person does leaves the sequence as it was',
  'token read after the claim': 'the alias is read again after the claim and the fresh token is used',
  'no token on alias writes': 'UpdateAlias is sent without its RevisionId',
  'no token on code writes': 'UpdateFunctionCode and PublishVersion are sent without their RevisionId',
  'code resent with a fresh token': '$LATEST is read after the claim and the fresh token is used',
  'no sweep': 'nobody looks for overdue rows',
  'silence is refusal': 'a write without an answer counts as refused for good',
  'silence is success': 'a write without an answer counts as done',
  'refused token sent again': 'a refused token counts as "not now"',
  'drift adopted': 'a changed alias is reported as if it held what the row says',
  'two active deployments': 'the unique index over active deployments is missing',
  'no function lock': 'two deployments may change $LATEST at the same time',
  'nobody wakes the line': 'the end of a deployment wakes nobody and queued ones do not look by themselves',
  'an act wakes nobody': 'an act of a person leaves the row without a next look',
  'acknowledged before commit': 'an accept answers before it is stored, and the store loses it',
  'event apart from the row': 'the row is written, its event is lost',
  'no idempotency': 'the same key makes a second deployment',
  'silence of metrics is health': 'evidence that cannot be read counts as healthy traffic',
  'bake on the worker’s clock': 'bakes are measured on the wall clock of the worker',
  'promotion leaves the weights': 'the routing configuration is not cleared by the last write',
  'restore forgets the zombie': 'a restore does not inherit what the rollout may still write',
  'same token is fine': 'a restore that got no new token counts as final',
  'poison stops the sweep': 'one unreadable row ends every round of the sweep',
  'no provenance': 'published versions are not put on record',
  'abort is forgotten': 'an accepted abort is overwritten by the step under way',
  'end without an end': 'ends are recorded, but the row stays in the line',
  'drift is not recorded': 'somebody else’s weights are taken for ours when the versions agree',
  'failed probes pass': 'what only the new version fails is recorded as passed',
  'budget by the way': 'alias writes do not ask the call budget',
  'each worker its own budget': 'every process counts its own calls only',
  'slots are used late': 'a slot whose moment has passed is used all the same',
} as const;

export type Bug = keyof typeof bugs;

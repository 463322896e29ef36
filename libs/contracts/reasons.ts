import type { ReasonCode } from '#rollout';

/**
 * Why a deployment stopped or turned back, and what to do about it. `null`: there is nothing to mend, somebody or the
 * judge wanted it so. `{target}` and `{function}` are filled in by whoever shows the remedy.
 */
export const reasonRemedies: Readonly<Record<ReasonCode, string | null>> = {
  aborted: null,
  cancelled: null,
  superseded: null,
  verdict_failed: 'The evidence is in the deployment’s history; mend the new version and deploy again.',
  inconclusive:
    'Too little traffic reached the canary for a verdict. Use a longer bake or a larger weight, or set onInconclusive to hold and decide yourself.',
  approval_deadline: 'Deploy again and approve in time, or give a longer deadlines.personSeconds.',
  pause_deadline: 'Deploy again and resume in time, or give a longer deadlines.personSeconds.',
  prepare_deadline:
    'Lambda did not make the new version active in time. Look at the function in the AWS console, then deploy again.',
  alias_weighted:
    'The alias already splits its traffic. Choose the version that shall have it all: sluice settle {target} --to <version>.',
  alias_on_latest:
    'The alias points at $LATEST, which can change at any time. Publish a version and choose it: sluice settle {target} --to <version>.',
  alias_missing: 'Create the alias on a published version, or correct the target’s alias name.',
  alias_moved:
    'Somebody else published that version and moved the alias, or the database is a restored backup. If this deployment is still wanted on top of it, deploy again.',
  function_missing: 'Create the function, or correct the target’s function name, region or account.',
  latest_changed:
    'Deploy again: it starts from what is there now, and a late write lands only once. If it comes back, something else changes the function; CloudTrail says who, agree with them first.',
  secrets_unreadable:
    'Start the worker with the SLUICE_SECRETS_KEY of the API (older keys after it, separated by commas), then deploy again.',
  update_failed: 'Lambda could not apply the update; the sentence says why. Mend it and deploy again.',
  version_failed: 'Lambda could not make the new version active; the sentence says why. Mend it and deploy again.',
  version_not_found: 'It is not certain which version was published. Check the function’s versions, then deploy again.',
  probes_failed:
    'The new version fails on payloads that the stable one answers. Mend it and deploy again; no user met it.',
  probes_inconclusive:
    'The probes proved nothing about the new version. Correct the payloads (or the log lines they come from) or what kept them from being sent, or give probes.onInconclusive: continue.',
  probes_refused:
    'An admin marks a target safe to probe: PATCH /v1/targets/{target} with {"probes": {"safe": true}}, or sluice targets update {target} --probes-safe.',
  alarm_red: 'Wait until the alarm is quiet. If this deployment is the cure, deploy again with --despite-alarms.',
  alarms_unreadable:
    'Correct the target’s alarms or the worker’s permission cloudwatch:DescribeAlarms, or deploy with --despite-alarms.',
  write_refused:
    'AWS refused the change; the sentence says why. Most often a permission of the worker’s role is missing.',
  artifact_missing: 'Upload the artifact again and deploy again.',
  rollback_point_gone: 'That version was deleted from Lambda. Deploy its stored artifact again.',
  drifted:
    'Somebody else moved the alias, and nothing was overwritten. Choose: accept-as-is, restore or abandon (sluice resolve).',
  target_gone: 'The function, alias or version was deleted. Re-create it; Sluice re-creates nothing by itself.',
  restore_requested: null,
  accepted_as_is: null,
  abandoned: null,
};

export const reasonCodes = Object.keys(reasonRemedies) as [ReasonCode, ...ReasonCode[]];

import type { z } from 'zod';
import { asStrategy, type createTarget as createContract, type updateTarget as updateContract } from '#contracts';
import { createPlan } from '#rollout';
import type { TargetChange, TargetRow } from '#store';
import { granted, type Outcome, refused } from '../http/refusal.js';
import type { Identity } from '../keys/check-key.js';
import type { ApiParts } from '../parts.js';
import { findTarget } from './find-target.js';
import { mergeSettings, readSettings, type TargetSettings, withConsent, withoutMembers } from './target-settings.js';

type Create = z.output<typeof createContract>;
type Update = z.output<typeof updateContract>;

export async function createTarget(parts: ApiParts, identity: Identity, body: Create): Promise<Outcome<TargetRow>> {
  const { name, functionName, aliasName, region, accountId, policy = 'queue', ...given } = body;
  const settings = consented(parts, identity, mergeSettings({}, given), given.probes);
  const refusal = checkSettings(settings);
  if (refusal) return refusal;
  const address = { functionName, aliasName, region, accountId };
  const row = await parts.store.targets.create(identity.projectId, { name, ...address, policy, settings });
  return row === 'exists' ? refused('target_exists') : granted(row);
}

export async function updateTarget(
  parts: ApiParts,
  identity: Identity,
  reference: string,
  body: Update,
): Promise<Outcome<TargetRow>> {
  const target = await findTarget(parts.store, identity.projectId, reference);
  if (!target.ok) return target;
  const { name, policy, reset = [], ...given } = body;
  const merged = mergeSettings(withoutMembers(readSettings(target.value), reset), given);
  const settings = consented(parts, identity, merged, given.probes);
  const refusal = checkSettings(settings);
  if (refusal) return refusal;
  const change: TargetChange = {
    settings,
    ...(name === undefined ? {} : { name }),
    ...(policy === undefined ? {} : { policy }),
  };
  const row = await parts.store.targets.update(identity.projectId, target.value.id, change);
  if (row === 'exists') return refused('target_exists');
  return row ? granted(row) : refused('target_unknown');
}

export async function deleteTarget(parts: ApiParts, identity: Identity, reference: string): Promise<Outcome<void>> {
  const target = await findTarget(parts.store, identity.projectId, reference);
  if (!target.ok) return target;
  const removed = await parts.store.targets.remove(identity.projectId, target.value.id);
  if (removed === 'in_use') return refused('target_in_use');
  return removed === 'removed' ? granted(undefined) : refused('target_unknown');
}

function consented(
  parts: ApiParts,
  { name }: Identity,
  settings: TargetSettings,
  given: TargetSettings['probes'],
): TargetSettings {
  return withConsent(settings, given, name, new Date(parts.clock.now()).toISOString());
}

/** A default that could never make a plan is refused now, not at the first deployment. */
function checkSettings({ strategy, analysis }: TargetSettings): ReturnType<typeof refused> | undefined {
  if (strategy === undefined) return undefined;
  const plan = createPlan(asStrategy(strategy), { analysis });
  if (plan.ok) return undefined;
  return refused('strategy_invalid', { detail: plan.problem.message, errors: [plan.problem] });
}

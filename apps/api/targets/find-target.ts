import { z } from 'zod';
import type { Store, TargetRow } from '#store';
import { granted, type Outcome, type Refusal, refused } from '../http/refusal.js';

const uuid = z.uuid();

/** By id or by name; a name never has the form of an id, so there is no doubt which is meant. */
export function targetReference(reference: string): { readonly id: string } | { readonly name: string } {
  return uuid.safeParse(reference).success ? { id: reference } : { name: reference };
}

export async function findTarget(
  store: Pick<Store, 'targets'>,
  projectId: string,
  reference: string,
): Promise<Outcome<TargetRow>> {
  const wanted = targetReference(reference);
  const row =
    'id' in wanted ? await store.targets.get(projectId, wanted.id) : await store.targets.byName(projectId, wanted.name);
  return row ? granted(row) : targetUnknown(reference);
}

export function targetUnknown(reference: string): { readonly ok: false; readonly refusal: Refusal } {
  return refused('target_unknown', { detail: `There is no target "${reference}".` });
}

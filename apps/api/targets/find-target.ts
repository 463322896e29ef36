import { z } from 'zod';
import type { Store, TargetRow } from '#store';
import { granted, type Outcome, refused } from '../http/refusal.js';

const uuid = z.uuid();

/** By id or by name; a name never has the form of an id, so there is no doubt which is meant. */
export async function findTarget(
  store: Pick<Store, 'targets'>,
  projectId: string,
  reference: string,
): Promise<Outcome<TargetRow>> {
  const row = uuid.safeParse(reference).success
    ? await store.targets.get(projectId, reference)
    : await store.targets.byName(projectId, reference);
  return row ? granted(row) : refused('target_unknown', { detail: `There is no target "${reference}".` });
}

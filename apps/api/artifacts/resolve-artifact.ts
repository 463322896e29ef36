import type { z } from 'zod';
import type { artifactReference } from '#contracts';
import type { Store } from '#store';
import { granted, type Outcome, refused } from '../http/refusal.js';
import { referArtifact } from './refer-artifact.js';

/** The id of the artifact a deployment names; `undefined` when it names none (a change of configuration alone). */
export async function resolveArtifact(
  store: Store,
  projectId: string,
  reference: z.output<typeof artifactReference> | undefined,
): Promise<Outcome<string | undefined>> {
  if (reference === undefined) return granted(undefined);
  if ('id' in reference) {
    const row = await store.artifacts.get(projectId, reference.id);
    return row ? granted(row.id) : unknown(`There is no finished artifact with the id ${reference.id}.`);
  }
  if ('sha256' in reference) {
    const row = await store.artifacts.find(projectId, 'zip', reference.sha256);
    return row ? granted(row.id) : unknown('No uploaded artifact has this digest.');
  }
  return granted((await referArtifact(store, projectId, reference)).id);
}

function unknown(detail: string): Outcome<undefined> {
  return refused('artifact_unknown', { detail });
}

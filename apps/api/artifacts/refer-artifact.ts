import type { z } from 'zod';
import type { createArtifactReference } from '#contracts';
import type { ArtifactRow, Store } from '#store';

export type Reference = z.output<typeof createArtifactReference>;

/** A row for code that lies elsewhere. References with the same digest are the same artifact. */
export async function referArtifact(store: Store, projectId: string, reference: Reference): Promise<ArtifactRow> {
  const { kind, sha256, storage } = describe(reference);
  if (sha256 === undefined) return referWithoutDigest(store, projectId, kind, storage);
  const known = await store.artifacts.find(projectId, kind, sha256);
  if (known) return known;
  const row = await store.artifacts.create(projectId, { kind, sha256: undefined, storage });
  return store.artifacts.complete(row.id, sha256, 0);
}

interface Described {
  readonly kind: 's3' | 'image';
  readonly sha256: string | undefined;
  readonly storage: ArtifactRow['storage'];
}

function describe(reference: Reference): Described {
  if ('imageUri' in reference) {
    const { imageUri } = reference;
    return { kind: 'image', sha256: imageUri.split('@sha256:')[1], storage: { imageUri } };
  }
  const { bucket, key, versionId, sha256 } = reference.s3;
  return { kind: 's3', sha256, storage: { bucket, key, versionId } };
}

/** Nothing is known of the bytes, so nothing can be the same: every reference is an artifact of its own, complete at once. */
async function referWithoutDigest(
  store: Store,
  projectId: string,
  kind: Described['kind'],
  storage: ArtifactRow['storage'],
): Promise<ArtifactRow> {
  const row = await store.artifacts.create(projectId, { kind, sha256: undefined, storage });
  await store.pool.query('UPDATE artifacts SET completed_at = created_at WHERE id = $1', [row.id]);
  return { ...row, completedAt: row.createdAt };
}

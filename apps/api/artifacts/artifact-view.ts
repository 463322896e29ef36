import type { ArtifactView } from '#contracts';
import type { ArtifactRow } from '#store';
import { isoTime } from '../deployments/value-view.js';

export function artifactView(row: ArtifactRow): ArtifactView {
  return {
    id: row.id,
    kind: row.kind,
    sha256: row.sha256 ?? null,
    sizeBytes: row.sizeBytes,
    source: sourceOf(row),
    createdAt: isoTime(row.createdAt),
  };
}

function sourceOf({ kind, storage }: ArtifactRow): string {
  if (kind === 'image') return String(storage['imageUri']);
  if (kind === 's3') return `s3://${storage['bucket']}/${storage['key']}`;
  return 'uploaded';
}

import { openBucket } from '#aws';
import { type ArtifactBytes, bytesInObjects, bytesInPostgres, type ChunkRows } from './artifact-bytes.js';

/** Where this installation keeps the bytes of uploaded artifacts: in a bucket when one is configured, else in Postgres. */
export function openArtifactBytes(
  settings: {
    readonly artifactBucket?: string | undefined;
    readonly awsRegion?: string | undefined;
    readonly awsEndpointUrl?: string | undefined;
  },
  rows: ChunkRows,
): ArtifactBytes {
  const { artifactBucket: bucket, awsRegion: region, awsEndpointUrl: endpoint } = settings;
  return bucket === undefined ? bytesInPostgres(rows) : bytesInObjects(openBucket({ bucket, region, endpoint }));
}

import { type ArtifactBytes, bytesInObjects, bytesInPostgres, type ChunkRows } from './artifact-bytes.js';

/**
 * Where this installation keeps the bytes of uploaded artifacts: in a bucket when one is configured, else in Postgres. The
 * AWS SDK is loaded for a bucket only: it is a third of an API's start and 20 MB of its memory.
 */
export async function openArtifactBytes(
  settings: {
    readonly artifactBucket?: string | undefined;
    readonly awsRegion?: string | undefined;
    readonly awsEndpointUrl?: string | undefined;
  },
  rows: ChunkRows,
): Promise<ArtifactBytes> {
  const { artifactBucket: bucket, awsRegion: region, awsEndpointUrl: endpoint } = settings;
  if (bucket === undefined) return bytesInPostgres(rows);
  const { openBucket } = await import('#aws');
  return bytesInObjects(openBucket({ bucket, region, endpoint }));
}

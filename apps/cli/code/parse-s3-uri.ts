import { usage } from '../failure.js';

export interface S3Reference {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** `s3://bucket/path/to/code.zip@versionId`; the version id is what follows the last `@` of the last part. */
export function parseS3Uri(text: string): S3Reference {
  const [, bucket, path] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/.exec(text) ?? [];
  if (!bucket || !path || path.endsWith('/')) {
    throw usage(`--s3 ${text} is not an S3 address.`, 'Write s3://bucket/key.zip or s3://bucket/key.zip@versionId.');
  }
  const at = path.lastIndexOf('@');
  if (at <= path.lastIndexOf('/')) return { bucket, key: path };
  const versionId = path.slice(at + 1);
  if (!versionId) throw usage(`--s3 ${text} ends in "@" without a version id.`);
  return { bucket, key: path.slice(0, at), versionId };
}

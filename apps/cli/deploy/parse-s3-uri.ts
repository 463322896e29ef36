import { usage } from '../failure.js';

export interface S3Reference {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
}

/** `s3://bucket/path/to/code.zip@versionId`; the version id is what follows the last `@` of the last part. */
export function parseS3Uri(text: string): S3Reference {
  const [, bucket, path] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/.exec(text) ?? [];
  if (!bucket || !path || path.endsWith('/')) {
    throw usage(`--s3 ${text} is not an S3 address.`, 'Write s3://bucket/key.zip@versionId.');
  }
  const at = path.lastIndexOf('@');
  const key = path.slice(0, at);
  const versionId = path.slice(at + 1);
  if (at <= path.lastIndexOf('/') || !key || !versionId) {
    throw usage(
      `--s3 ${text} does not say which version of the object: without one, the code could change after it was checked.`,
      `Write s3://${bucket}/${at > 0 ? key : path}@versionId. The version id: aws s3api head-object --bucket ${bucket} --key ${at > 0 ? key : path} --query VersionId (the bucket needs versioning).`,
    );
  }
  return { bucket, key, versionId };
}

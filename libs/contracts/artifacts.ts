import { z } from 'zod';
import type { ErrorCode } from './error-codes.js';
import { id, sha256Hex, timestamp } from './fields.js';

export const s3Reference = z
  .strictObject({
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'An S3 bucket name.'),
    key: z.string().min(1).max(1024),
    versionId: z
      .string()
      .min(1)
      .max(1024)
      .meta({ description: 'Required: an object without a version can change after the check.' }),
    sha256: sha256Hex.optional(),
  })
  .meta({ id: 'S3Reference' });

export const imageReference = z
  .strictObject({
    imageUri: z
      .string()
      .max(512)
      .regex(
        /^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?\/[a-z0-9][a-z0-9._/-]*(@sha256:[0-9a-f]{64}|:[\w.-]{1,128})$/,
        'An image URI names an ECR repository with a tag or, better, a digest (@sha256:…).',
      ),
  })
  .meta({ id: 'ImageReference' });

/** The JSON body of POST /v1/artifacts; bytes are sent as application/zip instead. */
export const createArtifactReference = z.union([z.strictObject({ s3: s3Reference }), imageReference]);
export type CreateArtifactReference = z.input<typeof createArtifactReference>;

export const artifactView = z
  .object({
    id,
    kind: z.enum(['zip', 's3', 'image']),
    sha256: sha256Hex.nullable(),
    sizeBytes: z.int().min(0),
    source: z.string().meta({ description: 'Where it lies, in words: "uploaded", "s3://bucket/key", an image URI.' }),
    createdAt: timestamp,
  })
  .meta({ id: 'Artifact' });
export type ArtifactView = z.infer<typeof artifactView>;

/** Why an upload or what is in it is refused. */
export const uploadErrors = [
  'artifact_too_large',
  'artifact_digest_mismatch',
  'artifact_empty',
  'artifact_upload_interrupted',
  'zip_unreadable',
  'zip_no_entries',
  'zip_too_many_entries',
  'zip_too_large_unpacked',
  'zip_ratio',
  'zip_symlink',
  'zip_path',
  'zip_duplicate',
  'zip_overlap',
  'zip_headers_differ',
  'zip_method',
] as const satisfies readonly ErrorCode[];

import { createHash } from 'node:crypto';
import { inspectArchive } from '../world/archive.js';
import type { Services } from './call.js';
import { invalidParameter, ServiceError } from './errors.js';

/** Where a caller says the code is. */
export interface CodeInput {
  ZipFile?: Buffer;
  S3Bucket?: string;
  S3Key?: string;
  S3ObjectVersion?: string;
  ImageUri?: string;
}

export interface Package {
  codeSha256: string;
  codeSize: number;
  codeKey?: string | undefined;
  imageUri?: string | undefined;
}

const ZIPPED_LIMIT = 52_428_800;

/** Reads, checks and keeps the code a caller hands in. `keep` is false for a dry run. */
export async function acceptPackage(services: Services, code: CodeInput, keep: boolean): Promise<Package> {
  if (code.ImageUri !== undefined) return imagePackage(code.ImageUri);
  const bytes = await bytesOf(services, code);
  const verdict = await inspectArchive(bytes);
  if (verdict === 'unreadable')
    throw invalidParameter('Could not unzip uploaded file. Please check your file, then try to upload again.');
  if (verdict === 'empty') throw invalidParameter('Uploaded file must be a non-empty zip');
  if (verdict === 'too-large') throw invalidParameter('Unzipped size must be smaller than 262144000 bytes');
  const { key, sha256 } = keep ? services.codes.put(bytes) : services.codes.digest(bytes);
  return { codeSha256: sha256, codeSize: bytes.length, codeKey: key };
}

async function bytesOf(services: Services, code: CodeInput): Promise<Buffer> {
  if (code.ZipFile !== undefined) {
    if (code.ZipFile.length > ZIPPED_LIMIT)
      throw new ServiceError(
        'RequestEntityTooLargeException',
        'Zipped size must be smaller than 52428800 bytes',
        413,
        'message',
        {},
      );
    if (code.ZipFile.length === 0) throw invalidParameter('Uploaded file must be a non-empty zip');
    return code.ZipFile;
  }
  if (code.S3Bucket !== undefined && code.S3Key !== undefined)
    return services.fetchObject(code.S3Bucket, code.S3Key, code.S3ObjectVersion);
  throw invalidParameter('Please provide a source for function code.');
}

/** Images are accepted and described, never pulled or run; the digest stands for the image's name. */
function imagePackage(uri: string): Package {
  const digest = /@sha256:([0-9a-f]{64})$/.exec(uri)?.[1];
  return { codeSha256: digest ?? createHash('sha256').update(uri).digest('hex'), codeSize: 0, imageUri: uri };
}

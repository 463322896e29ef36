import { Readable } from 'node:stream';
import { DeleteObjectCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';

export interface ObjectStoreOptions {
  readonly bucket: string;
  /** Absent: as the SDK's own settings say. */
  readonly region?: string | undefined;
  /** Another endpoint that behaves like S3; absent: AWS, or what the SDK's own settings say. */
  readonly endpoint?: string | undefined;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** Objects of one bucket, as streams. Failures of S3 are thrown: whoever stores an upload gives it up then. */
export interface BucketObjects {
  readonly bucket: string;
  /** Sends in parts as the bytes come, so that neither their number nor the whole has to be known. */
  put(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  get(key: string): AsyncIterable<Uint8Array>;
  remove(key: string): Promise<void>;
  close(): void;
}

export function openBucket(options: ObjectStoreOptions): BucketObjects {
  const { bucket, region, endpoint, credentials } = options;
  const client = new S3Client({
    ...(region ? { region } : {}),
    // Servers on a host of their own rarely have a name per bucket.
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(credentials ? { credentials } : {}),
  });
  return {
    bucket,
    async put(key, bytes) {
      const upload = new Upload({
        client,
        params: { Bucket: bucket, Key: key, Body: Readable.from(bytes), ContentType: 'application/zip' },
      });
      await upload.done();
    },
    async *get(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      if (!Body) throw new Error(`The object ${key} has no content.`);
      for await (const chunk of Body as AsyncIterable<Uint8Array>) yield chunk;
    },
    async remove(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
    close: () => client.destroy(),
  };
}

import { randomUUID } from 'node:crypto';
import { openBucket } from '#aws';
import { TinyS3 } from '../../test/world/tiny-s3.js';
import { describeArtifactBytes } from './artifact-bytes.contract.js';
import { type ArtifactBytes, bytesInObjects } from './index.js';

const s3 = new TinyS3();
let bytes: ArtifactBytes;
let close: () => void;

beforeAll(async () => {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'not-a-secret' };
  const bucket = openBucket({ bucket: 'artifacts', region: 'us-east-1', endpoint: await s3.listen(), credentials });
  bytes = bytesInObjects(bucket);
  close = bucket.close;
});
afterAll(() => {
  close();
  s3.close();
});

describeArtifactBytes('a bucket', () => ({
  bytes,
  place: async () => ({ id: randomUUID(), storage: bytes.newStorage() }),
}));

test('what is not there is an error, not an empty artifact', async () => {
  const missing = { id: randomUUID(), storage: bytes.newStorage() };
  await expect(bytes.read(missing)[Symbol.asyncIterator]().next()).rejects.toThrow();
});

import { randomUUID } from 'node:crypto';
import { describeArtifactBytes } from './artifact-bytes.contract.js';
import { bytesInObjects, type ObjectStore } from './index.js';

/** Objects in memory, whole or not at all, as S3 has them. */
function objectsInMemory(): ObjectStore {
  const kept = new Map<string, Buffer>();
  return {
    bucket: 'artifacts-bucket',
    async put(key, bytes) {
      const parts: Uint8Array[] = [];
      for await (const part of bytes) parts.push(Buffer.from(part));
      kept.set(key, Buffer.concat(parts));
    },
    async *get(key) {
      const object = kept.get(key);
      if (!object) throw new Error('NoSuchKey');
      yield object;
    },
    async remove(key) {
      kept.delete(key);
    },
  };
}

const bytes = bytesInObjects(objectsInMemory());
describeArtifactBytes('an object store', () => ({
  bytes,
  place: async () => ({ id: randomUUID(), storage: bytes.newStorage() }),
}));

test('the row says in which bucket and under which key the bytes are, and no two artifacts share one', () => {
  const one = bytes.newStorage();
  expect(one).toEqual({ bucket: 'artifacts-bucket', key: expect.stringMatching(/^artifacts\/[0-9a-f-]{36}\.zip$/) });
  expect(bytes.newStorage()['key']).not.toBe(one['key']);
});

import { randomBytes, randomUUID } from 'node:crypto';
import type { ArtifactBytes, ArtifactPlace } from './artifact-bytes.js';

interface World {
  readonly bytes: ArtifactBytes;
  /** An artifact that nothing was written for yet. */
  place(): Promise<ArtifactPlace>;
}

/** What every place for artifact bytes promises. */
export function describeArtifactBytes(name: string, open: () => World): void {
  describe(`artifact bytes in ${name}`, () => {
    test.each([1, 1000, 512 * 1024, 1_300_000])('%i bytes come back the same', async (size) => {
      const { bytes, place } = open();
      const artifact = await place();
      const content = randomBytes(size);
      await bytes.write(artifact, parts(content));
      expect((await all(bytes.read(artifact))).equals(content)).toBe(true);
      expect((await all(bytes.read(artifact))).equals(content)).toBe(true);
    });

    test('two artifacts that are written at once do not mix', async () => {
      const { bytes, place } = open();
      const contents = [randomBytes(700_000), randomBytes(700_000)];
      const artifacts = await Promise.all(contents.map(place));
      await Promise.all(artifacts.map((artifact, index) => bytes.write(artifact, parts(contents[index] as Buffer))));
      for (const [index, artifact] of artifacts.entries()) {
        expect((await all(bytes.read(artifact))).equals(contents[index] as Buffer)).toBe(true);
      }
    });

    test('a stream that breaks off rejects, and can be discarded, also twice', async () => {
      const { bytes, place } = open();
      const artifact = await place();
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield randomBytes(600_000);
        throw new Error('connection reset');
      }
      await expect(bytes.write(artifact, broken())).rejects.toThrow('connection reset');
      await bytes.discard(artifact);
      await bytes.discard({ id: randomUUID(), storage: bytes.newStorage() });
      await bytes.discard(artifact);
    });
  });
}

async function* parts(content: Buffer): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < content.length; from += 90_001) yield content.subarray(from, from + 90_001);
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const part of bytes) read.push(Buffer.from(part));
  return Buffer.concat(read);
}

import { randomUUID } from 'node:crypto';

/** An artifact's row, as far as its bytes are concerned. */
export interface ArtifactPlace {
  readonly id: string;
  readonly storage: Readonly<Record<string, unknown>>;
}

/** Where the bytes of artifacts live. Every implementation holds to the promises in `artifact-bytes.contract.ts`. */
export interface ArtifactBytes {
  /** What a new artifact's row says about where its bytes will be. */
  newStorage(): Readonly<Record<string, string>>;
  /** Writes the stream as the bytes of this artifact. Rejects when the stream breaks off; the caller then discards. */
  write(place: ArtifactPlace, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** The same bytes in the same order, in pieces of any size. */
  read(place: ArtifactPlace): AsyncIterable<Uint8Array>;
  /** Drops what was written of an upload that nobody needs. Nothing there is no error. */
  discard(place: ArtifactPlace): Promise<void>;
}

/** The functions of the store that this needs. A row that is dropped takes its chunks with it. */
export interface ChunkRows {
  appendChunk(artifactId: string, position: number, bytes: Uint8Array): Promise<void>;
  readChunks(artifactId: string): AsyncIterable<Uint8Array>;
  discard(artifactId: string): Promise<void>;
}

/** Large enough that a row's overhead does not count, small enough that a few uploads at once stay small in memory. */
export const CHUNK_BYTES = 512 * 1024;

/** Bytes in Postgres, in rows of one size: there is no second thing to back up, and a restore finds its code. */
export function bytesInPostgres(rows: ChunkRows): ArtifactBytes {
  return {
    newStorage: () => ({}),
    async write({ id }, bytes) {
      let position = 0;
      for await (const chunk of inPieces(bytes, CHUNK_BYTES)) {
        await rows.appendChunk(id, position, chunk);
        position += 1;
      }
    },
    read: ({ id }) => rows.readChunks(id),
    discard: ({ id }) => rows.discard(id),
  };
}

/** The little of an object store (S3) that this needs; the AWS library has the one that speaks to S3. */
export interface ObjectStore {
  readonly bucket: string;
  put(key: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  get(key: string): AsyncIterable<Uint8Array>;
  remove(key: string): Promise<void>;
}

/** Bytes in a bucket, from which Lambda fetches them itself: nothing passes through the worker. */
export function bytesInObjects(objects: ObjectStore): ArtifactBytes {
  const keyOf = ({ storage }: ArtifactPlace) => String(storage['key']);
  return {
    newStorage: () => ({ bucket: objects.bucket, key: `artifacts/${randomUUID()}.zip` }),
    write: (place, bytes) => objects.put(keyOf(place), bytes),
    read: (place) => objects.get(keyOf(place)),
    discard: (place) => objects.remove(keyOf(place)),
  };
}

/**
 * Cuts and joins to pieces of exactly `size` bytes, the last one excepted. Small parts are copied at once, so that a
 * sender of single bytes costs no more memory than any other.
 */
export async function* inPieces(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let piece = Buffer.alloc(size);
  let filled = 0;
  for await (const part of bytes) {
    let taken = 0;
    while (taken < part.length) {
      if (filled === 0 && part.length - taken >= size) {
        yield part.subarray(taken, taken + size);
        taken += size;
        continue;
      }
      const count = Math.min(size - filled, part.length - taken);
      piece.set(part.subarray(taken, taken + count), filled);
      filled += count;
      taken += count;
      if (filled < size) continue;
      yield piece;
      piece = Buffer.alloc(size);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

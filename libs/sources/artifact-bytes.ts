/** Where the bytes of artifacts live. Both implementations hold to the same promises; `artifact-bytes.test.ts` says which. */
export interface ArtifactBytes {
  /** Writes the stream as the bytes of this artifact. Rejects when the stream breaks off; what was written is then garbage. */
  write(artifactId: string, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** The same bytes in the same order, in pieces of any size. */
  read(artifactId: string): AsyncIterable<Uint8Array>;
}

/** The two functions of the store that this needs. */
export interface ChunkRows {
  appendChunk(artifactId: string, position: number, bytes: Uint8Array): Promise<void>;
  readChunks(artifactId: string): AsyncIterable<Uint8Array>;
}

/** Large enough that a row's overhead does not count, small enough that a few uploads at once stay small in memory. */
export const CHUNK_BYTES = 512 * 1024;

/** Bytes in Postgres, in rows of one size: there is no second thing to back up, and a restore finds its code. */
export function bytesInPostgres(rows: ChunkRows): ArtifactBytes {
  return {
    async write(artifactId, bytes) {
      let position = 0;
      for await (const chunk of inPieces(bytes, CHUNK_BYTES)) {
        await rows.appendChunk(artifactId, position, chunk);
        position += 1;
      }
    },
    read: (artifactId) => rows.readChunks(artifactId),
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

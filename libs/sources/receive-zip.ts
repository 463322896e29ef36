import { createHash } from 'node:crypto';
import { type ArtifactBytes, type ArtifactPlace, CHUNK_BYTES, inPieces } from './artifact-bytes.js';
import { checkHeaders } from './check-headers.js';
import { readDirectory } from './read-directory.js';
import { TailKeeper } from './tail-keeper.js';
import { defaultZipLimits, type ZipLimits, type ZipRefusal } from './zip-refusal.js';

export type ReceivedZip =
  | { readonly ok: true; readonly sha256: string; readonly sizeBytes: number }
  | { readonly ok: false; readonly refusal: ZipRefusal };

const FIRST_HEADER = Buffer.from([0x50, 0x4b, 0x03, 0x04]);

/**
 * Takes a zip from a stream: hashes, counts and stores it as it comes, then checks it without unpacking anything. In
 * memory are only the piece under way and the directory at the end. After a refusal, or when this rejects because the
 * stream broke off, the caller discards what was written.
 */
export async function receiveZip(
  body: AsyncIterable<Uint8Array>,
  place: ArtifactPlace,
  bytes: ArtifactBytes,
  limits: ZipLimits = defaultZipLimits,
): Promise<ReceivedZip> {
  const intake = new Intake(limits);
  try {
    await bytes.write(place, intake.pass(body));
  } catch (error) {
    if (intake.refusal) return { ok: false, refusal: intake.refusal };
    throw error;
  }
  const { sizeBytes } = intake;
  if (sizeBytes === 0) return refuse({ code: 'artifact_empty', sentence: 'The upload carried no bytes.' });
  const read = await readDirectory(intake.tail(), sizeBytes, limits);
  if (!read.ok) return read;
  const refusal = await checkHeaders(read.directory, bytes.read(place));
  return refusal ? refuse(refusal) : { ok: true, sha256: intake.sha256(), sizeBytes };
}

/** Stops the stream by throwing once it cannot become an artifact any more; `refusal` then says why. */
class Intake {
  sizeBytes = 0;
  refusal: ZipRefusal | undefined;
  private readonly hash = createHash('sha256');
  private readonly keeper: TailKeeper;

  constructor(private readonly limits: ZipLimits) {
    // The longest end record with its comment, besides the directory itself.
    this.keeper = new TailKeeper(limits.maxDirectoryBytes + 66_000);
  }

  async *pass(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    let first = true;
    for await (const piece of inPieces(this.count(body), CHUNK_BYTES)) {
      if (first && !FIRST_HEADER.equals(piece.subarray(0, FIRST_HEADER.length))) {
        this.stop('zip_unreadable', 'The upload does not begin as a zip file with files in it does.');
      }
      first = false;
      this.hash.update(piece);
      this.keeper.add(piece);
      yield piece;
    }
  }

  /** Counts before anything is kept, so that what is too large stops at the limit. */
  private async *count(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const part of body) {
      this.sizeBytes += part.length;
      if (this.sizeBytes > this.limits.maxBytes) {
        this.stop('artifact_too_large', `The upload is larger than ${this.limits.maxBytes} bytes.`);
      }
      yield part;
    }
  }

  tail(): Buffer {
    return this.keeper.bytes();
  }

  sha256(): string {
    return this.hash.digest('hex');
  }

  private stop(code: ZipRefusal['code'], sentence: string): never {
    this.refusal = { code, sentence };
    throw new Error(sentence);
  }
}

function refuse(refusal: ZipRefusal): ReceivedZip {
  return { ok: false, refusal };
}

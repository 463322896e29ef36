import type { IncomingMessage } from 'node:http';
import { type ArtifactBytes, defaultZipLimits, receiveZip, type ZipLimits } from '#sources';
import type { ArtifactRow } from '#store';
import { granted, type Outcome, refused } from '../http/refusal.js';
import type { Identity } from '../keys/check-key.js';
import type { ApiParts } from '../parts.js';

/** Each upload holds a piece and the directory in memory, so a few at a time are enough. */
const MOST_AT_ONCE = 8;

/** Takes zips from request bodies, as streams, and keeps what is good under its digest. */
export class Uploads {
  private underway = 0;

  constructor(
    private readonly parts: Pick<ApiParts, 'store' | 'logger'>,
    private readonly bytes: ArtifactBytes,
    private readonly limits: ZipLimits = defaultZipLimits,
  ) {}

  async receive(
    identity: Identity,
    body: IncomingMessage,
    announced: { readonly sha256: string | undefined },
  ): Promise<Outcome<ArtifactRow>> {
    const declared = Number(body.headers['content-length'] ?? 0);
    if (declared > this.limits.maxBytes) return refused('artifact_too_large', { detail: this.tooLarge(declared) });
    if (this.underway >= MOST_AT_ONCE) return refused('rate_limited', { detail: 'Too many uploads are under way.' });
    this.underway += 1;
    try {
      return await this.take(identity, body, announced.sha256);
    } finally {
      this.underway -= 1;
      // What is left of a refused body is read and dropped, so that the sender gets to see the answer.
      body.resume();
    }
  }

  private async take(
    identity: Identity,
    body: IncomingMessage,
    announced: string | undefined,
  ): Promise<Outcome<ArtifactRow>> {
    const { store } = this.parts;
    const storage = this.bytes.newStorage();
    const row = await store.artifacts.create(identity.projectId, { kind: 'zip', sha256: undefined, storage });
    let kept: ArtifactRow | undefined;
    try {
      const received = await receiveZip(body.iterator({ destroyOnReturn: false }), row, this.bytes, this.limits);
      if (!received.ok) return refused(received.refusal.code, { detail: received.refusal.sentence });
      if (announced !== undefined && announced !== received.sha256) return refused('artifact_digest_mismatch');
      kept = await store.artifacts.complete(row.id, received.sha256, received.sizeBytes);
      return granted(kept);
    } catch (error) {
      if (!body.complete && body.destroyed) return refused('artifact_upload_interrupted');
      throw error;
    } finally {
      // Refused, broken off, or the same bytes were there already: this copy is nobody's.
      if (kept?.id !== row.id) await this.discard(row);
    }
  }

  private async discard(row: ArtifactRow): Promise<void> {
    try {
      await this.bytes.discard(row);
      await this.parts.store.artifacts.discard(row.id);
    } catch (error) {
      const facts = { artifactId: row.id, error: String(error) };
      this.parts.logger.warn(facts, 'What was stored of an upload that nobody needs is still there.');
    }
  }

  private tooLarge(declared: number): string {
    return `The upload has ${declared} bytes; ${this.limits.maxBytes} are allowed.`;
  }
}

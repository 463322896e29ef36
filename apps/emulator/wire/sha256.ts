import { createHash, createHmac } from 'node:crypto';

/** Node's SHA-256 (or HMAC, given a key) in the shape that the SigV4 signer asks for. */
export class Sha256 {
  private readonly hash;

  constructor(secret?: unknown) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as Buffer);
  }

  update(chunk: unknown) {
    this.hash.update(chunk as Buffer);
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset() {
    return undefined;
  }
}

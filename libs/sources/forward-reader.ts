/** Reads pieces of a byte stream at rising positions; what lies behind is let go. */
export class ForwardReader {
  private readonly source: AsyncIterator<Uint8Array>;
  private held: Buffer = Buffer.alloc(0);
  private heldFrom = 0;

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.source = bytes[Symbol.asyncIterator]();
  }

  /** `undefined` when the stream ends before, or `position` lies behind what was read already. */
  async read(position: number, length: number): Promise<Buffer | undefined> {
    if (position < this.heldFrom) return undefined;
    for (;;) {
      const from = position - this.heldFrom;
      if (from + length <= this.held.length) {
        this.held = this.held.subarray(from);
        this.heldFrom = position;
        return this.held.subarray(0, length);
      }
      const next = await this.source.next();
      if (next.done) return undefined;
      const kept = from < this.held.length ? this.held.subarray(from) : this.held.subarray(this.held.length);
      this.heldFrom += this.held.length - kept.length;
      this.held = kept.length === 0 ? Buffer.from(next.value) : Buffer.concat([kept, next.value]);
    }
  }

  async close(): Promise<void> {
    await this.source.return?.();
  }
}

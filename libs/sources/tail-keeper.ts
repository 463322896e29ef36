/** Keeps at least the last `size` bytes of what passes, and not much more. */
export class TailKeeper {
  private parts: Uint8Array[] = [];
  private kept = 0;

  constructor(private readonly size: number) {}

  add(part: Uint8Array): void {
    this.parts.push(part);
    this.kept += part.length;
    let gone = 0;
    while (gone < this.parts.length && this.kept - (this.parts[gone]?.length ?? 0) >= this.size) {
      this.kept -= this.parts[gone]?.length ?? 0;
      gone += 1;
    }
    if (gone > 0) this.parts = this.parts.slice(gone);
  }

  bytes(): Buffer {
    return Buffer.concat(this.parts, this.kept);
  }
}

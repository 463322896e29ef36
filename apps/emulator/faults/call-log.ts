/** One call as a test can read it back. */
export interface CallEntry {
  sequence: number;
  /** Milliseconds since the epoch at which the call arrived. */
  at: number;
  operation: string;
  /** The access key id that signed it. */
  actor: string;
  userAgent: string;
  function: string | undefined;
  /** `ok`, an error code, or `reset` when the connection was cut. */
  outcome: string;
  status: number;
  /** Whether the call changed or would have changed anything: false when a fault stopped it before its effect. */
  reached: boolean;
  faults: string[];
  durationMs: number;
  requestId: string;
  /** What was asked, without code and environment variables. Not kept for invocations. */
  input: Record<string, unknown> | undefined;
}

const KEPT = 50_000;

/** The newest calls in full, and how many there were of each operation since the last reset. */
export class CallLog {
  private entries: CallEntry[] = [];
  private readonly counted = new Map<string, number>();
  private sequence = 0;

  add(entry: Omit<CallEntry, 'sequence'>): void {
    this.sequence += 1;
    this.entries.push({ sequence: this.sequence, ...entry });
    this.counted.set(entry.operation, (this.counted.get(entry.operation) ?? 0) + 1);
    if (this.entries.length > KEPT * 1.2) this.entries = this.entries.slice(-KEPT);
  }

  list(filter: { operation?: string | null; function?: string | null; after?: number }): CallEntry[] {
    return this.entries.filter(
      (entry) =>
        (!filter.operation || entry.operation === filter.operation) &&
        (!filter.function || entry.function === filter.function) &&
        entry.sequence > (filter.after ?? 0),
    );
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.counted);
  }

  clear(): void {
    this.entries = [];
    this.counted.clear();
  }
}

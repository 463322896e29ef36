import type { CallMade, Fault } from '#aws';
import type { WorkerReport } from '#store';

/** For this long a fault is worth telling a person about. */
const FAULT_MS = 600_000;
const REFUSAL_MS = 60_000;
/** More than this of one kind is "many"; the exact number is in the counters. */
const KEPT_PER_KIND = 1_000;

interface Kind {
  readonly operation: string;
  readonly fault: Fault;
  times: number[];
}

/** Cut short by ourselves, or the answer that the fences are there to get: nothing is wrong with AWS. */
const EXPECTED: readonly Fault['code'][] = ['cancelled', 'precondition_failed'];

/** What went wrong lately, by kind, so that the doctor can name it. Bounded by the number of kinds, whatever happens. */
export class RecentFaults {
  private readonly kinds = new Map<string, Kind>();
  private readonly refusals = new Map<string, { accountId: string; region: string; lane: string; times: number[] }>();

  constructor(private readonly monotonic: () => number) {}

  call({ operation, fault }: CallMade): void {
    if (!fault || EXPECTED.includes(fault.code)) return;
    const key = `${operation} ${fault.code}`;
    const kind = this.kinds.get(key) ?? { operation, fault, times: [] };
    this.kinds.set(key, kind);
    kind.times = [...kind.times.slice(1 - KEPT_PER_KIND), this.monotonic()];
  }

  refused(accountId: string, region: string, lane: string): void {
    const key = `${accountId} ${region} ${lane}`;
    const known = this.refusals.get(key) ?? { accountId, region, lane, times: [] };
    this.refusals.set(key, known);
    known.times.push(this.monotonic());
    if (known.times.length > KEPT_PER_KIND) known.times.shift();
  }

  told(): Pick<WorkerReport, 'faults' | 'refusals'> {
    const now = this.monotonic();
    const since = <T extends { times: number[] }>(all: Map<string, T>, ms: number) => {
      for (const [key, one] of all) {
        one.times = one.times.filter((time) => time > now - ms);
        if (one.times.length === 0) all.delete(key);
      }
      return [...all.values()];
    };
    return {
      faults: since(this.kinds, FAULT_MS).map(({ operation, fault, times }) => ({
        operation,
        code: fault.code,
        count: times.length,
        agoMs: Math.round(now - (times.at(-1) ?? now)),
        // The public sentence: it comes from a table and holds no value of anybody's.
        sentence: fault.public,
      })),
      refusals: since(this.refusals, REFUSAL_MS).map(({ accountId, region, lane, times }) => ({
        accountId,
        region,
        lane,
        count: times.length,
      })),
    };
  }
}

import type { Clock } from '../clock.js';

/**
 * AWS's limits of the control plane, per account and region: all operations together share one bucket, `GetFunction`
 * and `GetPolicy` have their own. Invocations are limited by concurrency, not here. Off when the rate is undefined.
 */
export class RateLimiter {
  private readonly buckets = new Map<string, { tokens: number; filledAt: number }>();

  constructor(
    public ratePerSecond: number | undefined,
    private readonly clock: Clock,
  ) {}

  admits(operation: string, place: string): boolean {
    if (this.ratePerSecond === undefined || operation === 'Invoke' || operation === 'InvokeAsync') return true;
    const [name, rate] =
      operation === 'GetFunction'
        ? ['GetFunction', 100]
        : operation === 'GetPolicy'
          ? ['GetPolicy', 15]
          : ['rest', this.ratePerSecond];
    return this.take(`${place}/${name}`, rate);
  }

  private take(key: string, rate: number): boolean {
    const now = this.clock.monotonic();
    const bucket = this.buckets.get(key) ?? { tokens: rate, filledAt: now };
    bucket.tokens = Math.min(rate, bucket.tokens + ((now - bucket.filledAt) / 1000) * rate);
    bucket.filledAt = now;
    this.buckets.set(key, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

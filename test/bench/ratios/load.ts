import autocannon from 'autocannon';

/** What a load generator saw. */
export interface Load {
  /** Answers in the 200s, per second. */
  readonly perSecond: number;
  readonly answers: number;
  /** Milliseconds; corrected for coordinated omission where a rate was given. */
  readonly p99: number;
}

export interface Shot {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadOptions {
  readonly url: string;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second over all connections (open loop); absent: as fast as answers come. */
  readonly rate?: number;
  /** The next request; called for each of them. */
  readonly next: () => Shot;
}

/** Fires for a while. Throws when any answer was not in the 200s: a refused request is fast and says nothing. */
export async function fire({ url, connections, seconds, rate, next }: LoadOptions): Promise<Load> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    ...(rate === undefined ? {} : { overallRate: Math.max(1, Math.round(rate)) }),
    requests: [
      {
        setupRequest: (request) => {
          const { method, path, body, headers } = next();
          return { ...request, method, path, ...(body === undefined ? {} : { body }), headers: { ...headers } };
        },
      },
    ],
  });
  const wrong = result.non2xx + result.errors + result.timeouts;
  if (wrong > 0) {
    const seen = JSON.stringify((result as { statusCodeStats?: unknown }).statusCodeStats ?? {});
    throw new Error(`${wrong} of ${result.requests.total} requests were not answered with success: ${seen}.`);
  }
  return { perSecond: result['2xx'] / result.duration, answers: result['2xx'], p99: result.latency.p99 };
}

import type { CloudWatchReader, Outcome, VersionMetricsRequest, VersionPeriod } from '#aws';
import { createCloudWatchEvidence } from './cloudwatch-evidence.js';
import type { EvidenceRequest } from './evidence-source.js';

const minute = 60_000;
const request: EvidenceRequest = {
  accountId: '000000000000',
  region: 'us-east-1',
  functionName: 'checkout',
  alias: 'live',
  stableVersion: '1',
  canaryVersion: '2',
  fromMs: 10 * minute,
  toMs: 13 * minute,
  periodSeconds: 60,
  weightPercent: 10,
};

/** Answers every version with as many invocations as its version number, and remembers how often it was called. */
class CountingReader implements CloudWatchReader {
  readonly calls: number[] = [];
  next: (() => Outcome<VersionPeriod[][]>) | undefined;

  async getVersionMetrics(
    _where: object,
    requests: readonly VersionMetricsRequest[],
  ): Promise<Outcome<VersionPeriod[][]>> {
    this.calls.push(requests.length);
    await new Promise((done) => setImmediate(done));
    if (this.next) return this.next();
    const value = requests.map(({ version, fromMs }) => [
      { startMs: fromMs, invocations: Number(version), errors: 0, durationsAbove: [] },
    ]);
    return { ok: true, value };
  }

  close(): void {}
}

describe('evidence from CloudWatch', () => {
  it('gives each version its own counts and says where to go on', async () => {
    const source = createCloudWatchEvidence({ reader: new CountingReader(), settleSeconds: 0 });
    const reading = await source.read(request);
    expect(reading).toMatchObject({ ok: true, readUntilMs: 13 * minute });
    expect(reading.ok && reading.blocks[0]).toMatchObject({ stable: { invocations: 1 }, canary: { invocations: 2 } });
  });

  it('asks nothing while no period has settled', async () => {
    const reader = new CountingReader();
    const source = createCloudWatchEvidence({ reader, settleSeconds: 600 });
    expect(await source.read(request)).toEqual({ ok: true, blocks: [], readUntilMs: request.fromMs });
    expect(reader.calls).toEqual([]);
  });

  it('puts the readings of many rollouts into few calls, and gives each its own answer', async () => {
    const reader = new CountingReader();
    const source = createCloudWatchEvidence({ reader, settleSeconds: 0 });
    const readings = await Promise.all(
      Array.from({ length: 81 }, (_, index) => source.read({ ...request, canaryVersion: String(index + 2) })),
    );
    expect(reader.calls).toEqual([2, 80, 80]);
    const seen = readings.map((reading) => reading.ok && reading.blocks[0]?.canary.invocations);
    expect(seen).toEqual(Array.from({ length: 81 }, (_, index) => index + 2));
  });

  it('calls a failure a failure: no blocks, never an empty success', async () => {
    const reader = new CountingReader();
    reader.next = () => ({
      ok: false,
      fault: { code: 'throttled', retry: 'again', public: 'AWS is limiting calls.', internal: 'GetMetricData: 400' },
    });
    const source = createCloudWatchEvidence({ reader, settleSeconds: 0 });
    expect(await source.read(request)).toMatchObject({ ok: false, retry: 'again' });
  });

  it('does without durations where they are not understood, rather than without evidence', async () => {
    const reader = new CountingReader();
    const asked: number[] = [];
    const picky: CloudWatchReader = {
      async getVersionMetrics(where, requests) {
        asked.push(requests[0]?.latencyThresholdsMs.length ?? 0);
        if (asked.at(-1) === 0) return reader.getVersionMetrics(where, requests);
        return {
          ok: false,
          fault: { code: 'invalid_request', retry: 'never', public: 'Refused.', internal: 'Stat is not supported' },
        };
      },
      close: () => undefined,
    };
    const source = createCloudWatchEvidence({ reader: picky, settleSeconds: 0 });
    const withThresholds = { ...request, latencyThresholdsMs: [250, 1_000] };
    expect(await source.read(withThresholds)).toMatchObject({ ok: true });
    expect(await source.read(withThresholds)).toMatchObject({ ok: true });
    expect(asked).toEqual([2, 0, 0]);
  });
});

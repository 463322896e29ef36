import type { CloudWatchReader, Fault, Outcome, VersionMetricsRequest, VersionPeriod } from '#aws';
import type { EvidenceReading, EvidenceRequest, EvidenceSource } from './evidence-source.js';
import { cutBlocks, type SettledSpan, settledSpan } from './settled-blocks.js';

export interface CloudWatchEvidenceOptions {
  readonly reader: CloudWatchReader;
  /**
   * How long after its end a period may still change. CloudWatch files an invocation under its start, so this must
   * cover CloudWatch's own delay (about a minute) and the longest run that matters.
   */
  readonly settleSeconds: number;
  readonly timeoutMs?: number;
}

interface Waiting {
  readonly stable: VersionMetricsRequest;
  readonly canary: VersionMetricsRequest;
  readonly answer: (outcome: Outcome<VersionPeriod[][]>) => void;
  readonly reject: (error: unknown) => void;
}

interface Line {
  readonly waiting: Waiting[];
  busy: boolean;
}

/** Two versions of seven metrics and a few thresholds each: so many readings fill about one call of 500 metrics. */
const READINGS_PER_CALL = 40;

/** Evidence from `AWS/Lambda` in CloudWatch, by ExecutedVersion. */
export function createCloudWatchEvidence(options: CloudWatchEvidenceOptions): EvidenceSource {
  return new CloudWatchEvidence(options);
}

class CloudWatchEvidence implements EvidenceSource {
  private readonly lines = new Map<string, Line>();
  private durationsUnderstood = true;

  constructor(private readonly options: CloudWatchEvidenceOptions) {}

  async read(request: EvidenceRequest, signal?: AbortSignal): Promise<EvidenceReading> {
    const settleMs = this.options.settleSeconds * 1000;
    const span = settledSpan(request.fromMs, request.toMs, request.periodSeconds, settleMs);
    if (span.toMs <= span.fromMs || signal?.aborted) return { ok: true, blocks: [], readUntilMs: request.fromMs };
    const outcome = await this.ask(request, span);
    if (!outcome.ok) return refused(outcome.fault);
    const [stable = [], canary = []] = outcome.value;
    const blocks = cutBlocks(span, request.weightPercent, stable, canary);
    return { ok: true, blocks, readUntilMs: blocks.at(-1)?.endMs ?? request.fromMs };
  }

  /** Readings that arrive while a call is under way share the next one, so that a thousand rollouts need a few calls. */
  private ask(request: EvidenceRequest, span: SettledSpan): Promise<Outcome<VersionPeriod[][]>> {
    const where = { accountId: request.accountId, region: request.region };
    const name = `${where.accountId}/${where.region}`;
    const line = this.lines.get(name) ?? { waiting: [], busy: false };
    this.lines.set(name, line);
    return new Promise((answer, reject) => {
      line.waiting.push({
        stable: metricsOf(request, request.stableVersion, span),
        canary: metricsOf(request, request.canaryVersion, span),
        answer,
        reject,
      });
      if (!line.busy) void this.serve(where, name, line);
    });
  }

  private async serve(where: { accountId: string; region: string }, name: string, line: Line): Promise<void> {
    line.busy = true;
    while (line.waiting.length > 0) {
      const batch = line.waiting.splice(0, READINGS_PER_CALL);
      await this.serveBatch(where, batch).catch((error: unknown) => {
        for (const { reject } of batch) reject(error);
      });
    }
    line.busy = false;
    this.lines.delete(name);
  }

  private async serveBatch(where: { accountId: string; region: string }, batch: readonly Waiting[]): Promise<void> {
    const requests = batch.flatMap(({ stable, canary }) => [stable, canary]);
    const outcome = await this.fetch(where, requests);
    for (const [index, { answer }] of batch.entries()) {
      answer(outcome.ok ? { ok: true, value: outcome.value.slice(index * 2, index * 2 + 2) } : outcome);
    }
  }

  /** Counts are worth more than durations: an endpoint that knows no trimmed counts is asked for counts alone from then on. */
  private async fetch(where: { accountId: string; region: string }, requests: readonly VersionMetricsRequest[]) {
    const call = { timeoutMs: this.options.timeoutMs ?? 10_000 };
    const withDurations = requests.some((request) => request.latencyThresholdsMs.length > 0);
    if (!withDurations || this.durationsUnderstood) {
      const outcome = await this.options.reader.getVersionMetrics(where, requests, call);
      if (outcome.ok || outcome.fault.code !== 'invalid_request' || !withDurations) return outcome;
    }
    const countsOnly = requests.map((request) => ({ ...request, latencyThresholdsMs: [] }));
    const outcome = await this.options.reader.getVersionMetrics(where, countsOnly, call);
    if (outcome.ok) this.durationsUnderstood = false;
    return outcome;
  }
}

function metricsOf(request: EvidenceRequest, version: string, span: SettledSpan): VersionMetricsRequest {
  return {
    functionName: request.functionName,
    alias: request.alias,
    version,
    fromMs: span.fromMs,
    toMs: span.toMs,
    periodSeconds: request.periodSeconds,
    latencyThresholdsMs: request.latencyThresholdsMs ?? [],
  };
}

function refused(fault: Fault): EvidenceReading {
  return {
    ok: false,
    reason: `CloudWatch could not be read. ${fault.public}`,
    retry: fault.retry === 'never' ? 'never' : 'again',
    internal: fault.internal,
  };
}

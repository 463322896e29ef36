import { z } from 'zod';
import type { AlarmReader, CloudWatchReader, LogsReader, Outcome } from '#aws';
import { type TargetMetrics, targetAlarms, targetMetrics } from '#contracts';
import {
  type AlarmMemory,
  type AlarmsSeen,
  createCloudWatchEvidence,
  createDatadogEvidence,
  createHttpEvidence,
  createLogsEvidence,
  createPrometheusEvidence,
  createUnusableEvidence,
  type EvidenceSource,
  type LoggedPayloads,
  type MetricsConfig,
  type Outbound,
  readLoggedPayloads,
  seeAlarms,
} from '#metrics';
import type { TargetRow } from '#store';
import type { WorkerParts } from './parts.js';

/** Where the evidence about one target comes from, and in which periods. */
export interface Measuring {
  readonly source: EvidenceSource;
  readonly periodSeconds: number;
  /** How long after its end a period may still change. */
  readonly settleSeconds: number;
  /** CloudWatch can be asked about two weeks at once; other sources about hours. */
  readonly keepsWeeks: boolean;
}

/** The sources that targets ask for by their settings. */
export interface TargetSources {
  measuring(target: TargetRow): Partial<Measuring>;
  /** Undefined when the target names no alarms. */
  alarms(
    target: TargetRow,
    before: AlarmMemory | undefined,
    startedAtMs: number,
    signal: AbortSignal,
  ): Promise<AlarmsSeen | undefined>;
  /** What the function has marked in its log as a payload for probes; asked only where the target consents. */
  loggedPayloads(target: TargetRow, most: number, nowMs: number, signal: AbortSignal): Promise<PayloadsRead>;
}

export interface PayloadsRead {
  readonly outcome: Outcome<LoggedPayloads>;
  readonly logGroup: string;
}

/** The target's own source and period, or the worker's where the target says nothing. */
export function measuringOf(parts: WorkerParts, target: TargetRow): Measuring {
  const { evidence: source, metricsPeriodSeconds: periodSeconds } = parts;
  const usual = { source, periodSeconds, settleSeconds: periodSeconds, keepsWeeks: true };
  return { ...usual, ...parts.sources?.measuring(target) };
}

export interface SourceParts {
  readonly cloudWatch: CloudWatchReader;
  readonly logs: LogsReader;
  readonly alarms: AlarmReader;
  readonly outbound: Outbound;
  readonly secret: MetricsConfig['secret'];
  /** How long after its end a CloudWatch period may still change, when the target does not say. */
  readonly cloudWatchSettleSeconds: number;
}

export function createTargetSources(parts: SourceParts): TargetSources {
  return new SettingsSources(parts);
}

/** A source that is not told how fast it settles: from how its data come about. */
const SETTLE_SECONDS = { logs: 5, prometheus: 15, datadog: 120, http: 0 } as const;

/** What one look at a source may take: a look must not hold up the next one. */
const READ_TIMEOUT_MS = 8_000;

const metricsSettings = z.object({ metrics: targetMetrics.optional() });
const alarmSettings = z.object({ alarms: targetAlarms.optional() });

class SettingsSources implements TargetSources {
  /** By their settings: targets with the same ones share a source, and with it its batches. */
  private readonly made = new Map<string, EvidenceSource>();

  constructor(private readonly parts: SourceParts) {}

  measuring({ settings }: TargetRow): Partial<Measuring> {
    const parsed = metricsSettings.safeParse(settings);
    if (!parsed.success) {
      return { source: createUnusableEvidence('The target’s metrics settings are not understood by this worker.') };
    }
    const { metrics } = parsed.data;
    const settleSeconds = this.settleSecondsOf(metrics);
    if (!metrics) return { settleSeconds };
    const { periodSeconds } = metrics;
    const pace = { settleSeconds, ...(periodSeconds === undefined ? {} : { periodSeconds }) };
    if (metrics.source === 'cloudwatch' && metrics.settleSeconds === undefined) return pace;
    return { source: this.sourceOf(metrics), keepsWeeks: metrics.source === 'cloudwatch', ...pace };
  }

  private settleSecondsOf(metrics: TargetMetrics | undefined): number {
    if (metrics?.settleSeconds !== undefined) return metrics.settleSeconds;
    if (!metrics || metrics.source === 'cloudwatch') return this.parts.cloudWatchSettleSeconds;
    return SETTLE_SECONDS[metrics.source];
  }

  async alarms(
    target: TargetRow,
    before: AlarmMemory | undefined,
    startedAtMs: number,
    signal: AbortSignal,
  ): Promise<AlarmsSeen | undefined> {
    const parsed = alarmSettings.safeParse(target.settings);
    if (!parsed.success) {
      const sentence = 'The target’s alarm settings are not understood by this worker.';
      return { memory: before ?? { startedAtMs }, shown: [], word: 'blind', sentence };
    }
    const { alarms: names = [] } = parsed.data;
    if (names.length === 0) return undefined;
    const reading = await this.parts.alarms.describeAlarms(target, names, { timeoutMs: READ_TIMEOUT_MS, signal });
    return seeAlarms(before, names, reading, startedAtMs);
  }

  async loggedPayloads(target: TargetRow, most: number, nowMs: number, signal: AbortSignal): Promise<PayloadsRead> {
    const parsed = metricsSettings.safeParse(target.settings);
    const metrics = parsed.success ? parsed.data.metrics : undefined;
    const named = metrics?.source === 'logs' ? metrics.logGroup : undefined;
    const logGroup = named ?? `/aws/lambda/${target.functionName}`;
    const { accountId, region } = target;
    const call = { timeoutMs: READ_TIMEOUT_MS, signal };
    const wish = { accountId, region, logGroup, most, nowMs };
    return { outcome: await readLoggedPayloads(this.parts.logs, wish, call), logGroup };
  }

  private sourceOf(metrics: TargetMetrics): EvidenceSource {
    const key = JSON.stringify(metrics);
    const known = this.made.get(key);
    if (known) return known;
    const source = this.make(metrics);
    this.made.set(key, source);
    return source;
  }

  private make(metrics: TargetMetrics): EvidenceSource {
    const { cloudWatch, logs, outbound } = this.parts;
    const timeoutMs = READ_TIMEOUT_MS;
    const settleSeconds = this.settleSecondsOf(metrics);
    switch (metrics.source) {
      case 'cloudwatch':
        return createCloudWatchEvidence({ reader: cloudWatch, settleSeconds, timeoutMs });
      case 'logs': {
        const { logGroup, textRuntime } = metrics;
        const where = { ...(logGroup ? { logGroup } : {}), ...(textRuntime ? { textRuntime } : {}) };
        return createLogsEvidence({ reader: logs, settleSeconds, timeoutMs, ...where });
      }
      case 'prometheus': {
        const { url, queries } = metrics;
        return this.withToken(metrics.bearerTokenVariable, (token) =>
          createPrometheusEvidence({ outbound, url, queries, settleSeconds, timeoutMs, ...token }),
        );
      }
      case 'datadog':
        return this.datadog(metrics);
      case 'http': {
        const { url } = metrics;
        return this.withToken(metrics.bearerTokenVariable, (token) =>
          createHttpEvidence({ outbound, url, settleSeconds, timeoutMs, ...token }),
        );
      }
    }
  }

  private datadog(metrics: Extract<TargetMetrics, { source: 'datadog' }>): EvidenceSource {
    const apiKey = this.parts.secret(metrics.apiKeyVariable);
    const applicationKey = this.parts.secret(metrics.applicationKeyVariable);
    if (!apiKey) return withoutSecret(metrics.apiKeyVariable);
    if (!applicationKey) return withoutSecret(metrics.applicationKeyVariable);
    return createDatadogEvidence({
      outbound: this.parts.outbound,
      origin: `https://api.${metrics.site}`,
      apiKey,
      applicationKey,
      queries: metrics.queries,
      settleSeconds: this.settleSecondsOf(metrics),
      timeoutMs: READ_TIMEOUT_MS,
    });
  }

  private withToken(
    variable: string | undefined,
    make: (token: { bearerToken?: string }) => EvidenceSource,
  ): EvidenceSource {
    if (variable === undefined) return make({});
    const bearerToken = this.parts.secret(variable);
    return bearerToken ? make({ bearerToken }) : withoutSecret(variable);
  }
}

function withoutSecret(variable: string): EvidenceSource {
  return createUnusableEvidence(`The worker’s environment does not hold ${variable}.`);
}

import { setMaxListeners } from 'node:events';
import { hostname } from 'node:os';
import type { Registry } from 'prom-client';
import {
  createAlarmReader,
  createCallBudget,
  createCloudWatchReader,
  createInvoker,
  createLambdaControl,
  createLogsReader,
  openBucket,
} from '#aws';
import { createCloudWatchEvidence, createOutbound, readMetricsConfig } from '#metrics';
import type { InspectableQueue } from '#queue';
import { type Clock, type Config, createRegistry, type Logger, systemClock } from '#runtime';
import type { Store } from '#store';
import { createTargetSources } from './evidence.js';
import { PackageRoom } from './package-room.js';
import type { WorkerParts } from './parts.js';
import { Reconciler } from './reconcile.js';
import { Retention } from './retention.js';
import { Sweep } from './sweep.js';
import { SelfReport } from './telemetry/self-report.js';
import { WorkerFigures } from './telemetry/worker-figures.js';
import { Wakes } from './wakes.js';

/** Walks under way that keep a core busy; comparisons with real aliases step back then, however many hands are left. */
const BUSY_WALKS = 64;

export interface WorkerOptions {
  readonly store: Store;
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly databaseUrl: string;
  /** The Lambda and CloudWatch endpoint; absent: real AWS. */
  readonly awsEndpointUrl?: string | undefined;
  /** How long after its end a metrics period may still change, seconds. */
  readonly metricsSettleSeconds?: number;
  readonly queuePrefix?: string;
  /** Where the worker's figures go; absent: a registry of its own. */
  readonly registry?: Registry;
  /** Puts something between the worker and its parts: how tests kill it at every point where it touches the world. */
  readonly wrap?: (parts: WorkerParts) => WorkerParts;
}

/** Inject with `@Inject(CREW) crew: Crew`. */
export const CREW = Symbol('CREW');

/** Everything that acts, put together but not yet started. */
export interface Crew {
  readonly parts: WorkerParts;
  readonly wakes: Wakes;
  readonly sweep: Sweep;
  readonly reconciler: Reconciler;
  readonly figures: WorkerFigures;
  readonly report: SelfReport;
  readonly retention: Retention;
  /** How often the sweep and the reconciler go round. */
  readonly everyMs: number;
  /** Aborted when the worker is told to stop: what runs ends at the next safe point. */
  readonly stopping: AbortController;
  /** Closes the connections to AWS. */
  readonly disconnect: () => void;
}

/** CloudWatch's own delay, and the start-of-invocation time stamp: a minute's figures are final about a minute later. */
const CLOUDWATCH_SETTLE_SECONDS = 60;

export function assembleCrew(config: Config, options: WorkerOptions, queue: InspectableQueue): Crew {
  const { store, logger, clock = systemClock } = options;
  const figures = new WorkerFigures(options.registry ?? createRegistry(), store, clock, config.callBudget);
  const { onCall } = figures;
  const connection = options.awsEndpointUrl ? { endpoint: options.awsEndpointUrl, onCall } : { onCall };
  const lambda = createLambdaControl(connection);
  const reader = createCloudWatchReader(connection);
  const logs = createLogsReader(connection);
  const alarms = createAlarmReader(connection);
  const invoker = createInvoker(connection);
  const metrics = readMetricsConfig();
  const settleSeconds = options.metricsSettleSeconds ?? CLOUDWATCH_SETTLE_SECONDS;
  const ownParts: WorkerParts = {
    store,
    queue,
    lambda,
    invoker,
    budget: figures.counted(createCallBudget({ store: store.callBudget, rates: config.callBudget, clock })),
    evidence: createCloudWatchEvidence({ reader, settleSeconds }),
    sources: createTargetSources({
      cloudWatch: reader,
      logs,
      alarms,
      outbound: createOutbound(metrics),
      secret: metrics.secret,
      cloudWatchSettleSeconds: settleSeconds,
    }),
    packages: new PackageRoom(),
    clock,
    logger,
    nudge: (deploymentId) => void wakes.look(deploymentId),
    name: `worker:${hostname()}:${process.pid}`,
    metricsPeriodSeconds: config.metricsPeriodSeconds,
  };
  const parts = options.wrap?.(ownParts) ?? ownParts;
  const stopping = new AbortController();
  // Whatever waits in this worker listens while it waits, so there are as many as rollouts under way: that is no leak.
  setMaxListeners(0, stopping.signal);
  const wakes: Wakes = new Wakes(parts, stopping.signal);
  figures.watch(() => wakes.underWay);
  const everyMs = config.sweepSeconds * 1000;
  return {
    parts,
    wakes,
    sweep: new Sweep(parts, wakes),
    reconciler: new Reconciler(parts, wakes, {
      everyMs,
      callsPerSecond: config.callBudget.ordinaryPerSecond,
      busyAt: Math.min(config.workerConcurrency, BUSY_WALKS),
    }),
    figures,
    report: new SelfReport(ownParts, figures, queue),
    retention: new Retention(parts, config.retention, stopping.signal, prunedBucket(config)),
    everyMs,
    stopping,
    disconnect() {
      lambda.close();
      reader.close();
      logs.close();
      alarms.close();
      invoker.close();
    },
  };
}

/** The bucket in which this worker may remove code; absent: nowhere. */
function prunedBucket({ artifactBucket: bucket, pruneBucket, awsRegion: region, awsEndpointUrl: endpoint }: Config) {
  if (bucket === undefined || !pruneBucket) return undefined;
  return { bucket, open: () => openBucket({ bucket, region, endpoint }) };
}

import type { CallBudget, Invoker, LambdaControl } from '#aws';
import type { EvidenceSource } from '#metrics';
import type { WakeQueue } from '#queue';
import type { Clock, Logger } from '#runtime';
import type { Store } from '#store';
import type { TargetSources } from './evidence.js';
import type { PackageRoom } from './package-room.js';

/** What the worker acts with. Every part can be replaced by another of the same promises. */
export interface WorkerParts {
  readonly store: Store;
  readonly queue: WakeQueue;
  readonly lambda: LambdaControl;
  readonly budget: CallBudget;
  /** Sends probes; absent: deployments that ask for them are refused. */
  readonly invoker?: Invoker;
  /** What targets are measured by that do not say otherwise. */
  readonly evidence: EvidenceSource;
  /** Sources and alarms by the targets' own settings; absent: every target is measured by `evidence`. */
  readonly sources?: TargetSources;
  /** Where packages lie while they are sent; absent: there is room for all. */
  readonly packages?: PackageRoom;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Looks at a deployment that may start now; its own wake-up lies in the queue under the same id, but later. */
  readonly nudge: (deploymentId: string) => void;
  /** Who this process is, in histories and logs. */
  readonly name: string;
  /** Length of the periods in which evidence is counted, seconds. */
  readonly metricsPeriodSeconds: number;
}

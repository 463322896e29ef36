import type { CallBudget, LambdaControl } from '#aws';
import type { EvidenceSource } from '#metrics';
import type { WakeQueue } from '#queue';
import type { Clock, Logger } from '#runtime';
import type { Store } from '#store';

/** What the worker acts with. Every part can be replaced by another of the same promises. */
export interface WorkerParts {
  readonly store: Store;
  readonly queue: WakeQueue;
  readonly lambda: LambdaControl;
  readonly budget: CallBudget;
  readonly evidence: EvidenceSource;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Looks at a deployment that may start now; its own wake-up lies in the queue under the same id, but later. */
  readonly nudge: (deploymentId: string) => void;
  /** Who this process is, in histories and logs. */
  readonly name: string;
  /** Length of the periods in which evidence is counted, seconds. */
  readonly metricsPeriodSeconds: number;
}

import type { Registry } from 'prom-client';
import type { InspectableQueue } from '#queue';
import type { Clock, Logger } from '#runtime';
import type { Store } from '#store';
import type { FetchText } from './alarms/verify-sns.js';

/** What the API is made of; `startApi` is given them, so that one process can hold several apps. */
export interface ApiParts {
  readonly store: Store;
  /** Absent: nobody is woken at once, and the sweep finds everything a little later. */
  readonly queue?: (Pick<InspectableQueue, 'add'> & Partial<Pick<InspectableQueue, 'inspect'>>) | undefined;
  /** Where this process's figures go; absent: a registry of the API's own. */
  readonly registry?: Registry | undefined;
  /** `/metrics` asks for no key. */
  readonly metricsPublic?: boolean;
  /** How long the figures of `/metrics` and `/ready` may be kept, milliseconds; absent: five seconds. */
  readonly figuresFreshMs?: number;
  /** Where Lambda is, when it is not AWS: named in the commands for the day Sluice is down. */
  readonly lambdaEndpointUrl?: string | undefined;
  /** SNS topics whose messages about alarms are believed; none: that route is not there. */
  readonly alarmTopics?: readonly string[];
  /** How a certificate of SNS is fetched; a test has its own. */
  readonly fetchText?: FetchText;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** The name Nest finds the parts under. */
export const PARTS = Symbol('ApiParts');

import { z } from 'zod';
import { deploymentView } from './deployments.js';
import { id, sequence, timestamp } from './fields.js';

export const eventView = z
  .object({
    deploymentId: id,
    sequence,
    type: z
      .string()
      .meta({ description: 'A past-tense fact such as WeightShifted, or an act such as AbortRequested.' }),
    actor: z.string(),
    at: timestamp,
    sentence: z.string().meta({ description: 'The event in one plain sentence.' }),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event' });
export type EventView = z.infer<typeof eventView>;

/** What a `change` message of the stream carries: the event, and the deployment as it stands after it or later. */
export const changeMessage = z.object({ event: eventView, deployment: deploymentView }).meta({ id: 'ChangeMessage' });
/**
 * What an `evidence` message carries (the judge looked again and nothing else changed), and the last one, `end`, after
 * which the server closes the stream.
 */
export const stateMessage = z.object({ deployment: deploymentView }).meta({ id: 'StateMessage' });

export type WatchMessage =
  | { readonly kind: 'change'; readonly event: EventView; readonly deployment: DeploymentInMessage }
  | { readonly kind: 'evidence' | 'end'; readonly deployment: DeploymentInMessage };
type DeploymentInMessage = z.infer<typeof deploymentView>;

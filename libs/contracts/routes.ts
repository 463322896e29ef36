import { z } from 'zod';
import { alarmRoutes } from './alarm-routes.js';
import { artifactView, createArtifactReference, uploadErrors } from './artifacts.js';
import {
  action,
  actRequest,
  approveRequest,
  createDeployment,
  deploymentView,
  phases,
  promoteRequest,
  rollbackPointView,
  rollbackRequest,
  settleRequest,
} from './deployments.js';
import type { ErrorCode } from './error-codes.js';
import { eventView } from './events.js';
import { id, MAX_SEQUENCE, sha256Hex, targetReference } from './fields.js';
import { DEFAULT_PAGE, MAX_PAGE, pageOf, pageQuery } from './page.js';
import {
  backtestRequest,
  backtestView,
  explanationView,
  forecastRequest,
  forecastView,
  queryView,
  waitingView,
} from './questions.js';
import type { Scope } from './scopes.js';
import { serviceRoutes } from './service-routes.js';
import { createTarget, targetView, updateTarget } from './targets.js';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** One route, as the server serves it, the document describes it and the client calls it. */
export interface Route {
  readonly method: Method;
  /** Parameters in braces, as OpenAPI writes them. */
  readonly path: string;
  /** The scope a key needs; `null`: no key is asked for, because the answer says nothing about anybody's deployments. */
  readonly scope: Scope | null;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: z.ZodType;
  /** What the body is, where it is not (only) JSON. */
  readonly upload?: 'application/zip' | 'text/plain';
  readonly status: number;
  readonly response: z.ZodType | null;
  /** What else it may answer with, by content type. */
  readonly otherContent?: string;
  readonly errors: readonly ErrorCode[];
}

const route = <const R extends Route>(definition: R): R => definition;

const byId = z.strictObject({ id });
const byTarget = z.strictObject({ target: targetReference });

export const idempotencyHeader = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'An Idempotency-Key has 1 to 255 visible ASCII characters.')
    .optional(),
});

const lastEventHeader = z.object({
  'last-event-id': z
    .string()
    .regex(/^\d{1,9}$/, 'Last-Event-ID is the sequence of the last event that was received.')
    .optional(),
});

export const uploadHeaders = z.object({
  'x-content-sha256': sha256Hex.optional().meta({ description: 'When given, the bytes must have this digest.' }),
});

const flag = z.enum(['1', 'true', '0', 'false']).transform((value) => value === '1' || value === 'true');

const listQuery = pageQuery.extend({
  target: targetReference.optional(),
  phase: z
    .union([z.enum(phases), z.array(z.enum(phases)).max(phases.length)])
    .optional()
    .meta({ description: 'May be repeated.' }),
  active: flag.optional().meta({ description: 'Only deployments that are neither ended nor queued.' }),
});

const eventsQuery = z.strictObject({
  after: z.coerce
    .number()
    .int()
    .min(0)
    .max(MAX_SEQUENCE)
    .default(0)
    .meta({ description: 'Only events after this sequence.' }),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

const eventList = z.object({
  items: z.array(eventView),
  next: z
    .int()
    .nullable()
    .meta({ description: 'Give it as `after` for the next events; null when these were the last.' }),
});

/** An act on a deployment; its errors are the guard's refusals. */
const act = <const N extends z.infer<typeof action>, B extends z.ZodType>(
  name: N,
  body: B,
  summary: string,
  errors: readonly ErrorCode[],
) =>
  ({
    method: 'POST',
    path: `/v1/deployments/{id}/${name}` as const,
    scope: name === 'approve' ? ('approve' as const) : ('deploy' as const),
    summary,
    params: byId,
    body,
    status: 200,
    response: deploymentView,
    errors: ['not_found', 'deployment_ended', ...errors],
  }) as const satisfies Route;

export const routes = {
  createDeployment: route({
    method: 'POST',
    path: '/v1/deployments',
    scope: 'deploy',
    summary: 'Ask for a deployment. It is accepted at once and carried out by a worker; follow Location.',
    headers: idempotencyHeader,
    body: createDeployment,
    status: 202,
    response: deploymentView,
    errors: [
      'strategy_invalid',
      'artifact_unknown',
      'target_unknown',
      'target_busy',
      'probes_not_safe',
      'probes_not_recorded',
      'idempotency_conflict',
    ],
  }),
  listDeployments: route({
    method: 'GET',
    path: '/v1/deployments',
    scope: 'read',
    summary: 'Deployments, newest first.',
    query: listQuery,
    status: 200,
    response: pageOf(deploymentView),
    errors: ['target_unknown'],
  }),
  getDeployment: route({
    method: 'GET',
    path: '/v1/deployments/{id}',
    scope: 'read',
    summary: 'One deployment as it stands.',
    params: byId,
    status: 200,
    response: deploymentView,
    errors: ['not_found'],
  }),
  listEvents: route({
    method: 'GET',
    path: '/v1/deployments/{id}/events',
    scope: 'read',
    summary:
      'The history of one deployment, oldest first; with Accept: text/event-stream a stream that goes on with every change (messages change, evidence, end) and resumes after Last-Event-ID.',
    params: byId,
    query: eventsQuery,
    headers: lastEventHeader,
    status: 200,
    response: eventList,
    otherContent: 'text/event-stream',
    errors: ['not_found', 'not_acceptable', 'rate_limited'],
  }),
  promote: {
    ...act('promote', promoteRequest, 'Skip the rest of the steps; with step, only the present one.', [
      'not_promotable',
      'canary_failing',
      'sequence_stale',
    ]),
    query: z.strictObject({ step: flag.optional() }),
  },
  pause: act('pause', actRequest, 'Stop advancing; the judge keeps watching.', ['not_pausable']),
  resume: act('resume', actRequest, 'Go on after a pause.', ['not_paused']),
  abort: act('abort', actRequest, 'Stop, and put the rollback point back.', []),
  cancel: act('cancel', actRequest, 'Take a deployment out of the queue.', ['not_queued']),
  approve: act('approve', approveRequest, 'Let a deployment through the approval gate it waits at.', [
    'nothing_to_approve',
    'sequence_stale',
  ]),
  acceptAsIs: act('accept-as-is', actRequest, 'After drift: leave the alias as it was found, and end.', [
    'not_held',
    'write_may_land',
  ]),
  restore: act('restore', actRequest, 'After drift: put the rollback point back over what was found.', ['not_held']),
  abandon: act('abandon', actRequest, 'After drift: give the deployment up and touch nothing.', [
    'not_held',
    'write_may_land',
  ]),
  createTarget: route({
    method: 'POST',
    path: '/v1/targets',
    scope: 'admin',
    summary: 'Name an alias of a function that deployments shall move.',
    body: createTarget,
    status: 201,
    response: targetView,
    errors: ['target_exists', 'strategy_invalid'],
  }),
  listTargets: route({
    method: 'GET',
    path: '/v1/targets',
    scope: 'read',
    summary: 'All targets by name.',
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
      cursor: pageQuery.shape.cursor,
    }),
    status: 200,
    response: pageOf(targetView),
    errors: [],
  }),
  getTarget: route({
    method: 'GET',
    path: '/v1/targets/{target}',
    scope: 'read',
    summary: 'One target by name or id.',
    params: byTarget,
    status: 200,
    response: targetView,
    errors: ['target_unknown'],
  }),
  updateTarget: route({
    method: 'PATCH',
    path: '/v1/targets/{target}',
    scope: 'admin',
    summary: 'Change a target’s name or defaults; what it points at never changes.',
    params: byTarget,
    body: updateTarget,
    status: 200,
    response: targetView,
    errors: ['target_unknown', 'target_exists', 'strategy_invalid'],
  }),
  deleteTarget: route({
    method: 'DELETE',
    path: '/v1/targets/{target}',
    scope: 'admin',
    summary: 'Delete a target that never had a deployment.',
    params: byTarget,
    status: 204,
    response: null,
    errors: ['target_unknown', 'target_in_use'],
  }),
  listRollbackPoints: route({
    method: 'GET',
    path: '/v1/targets/{target}/rollback-points',
    scope: 'read',
    summary: 'The versions a rollback of this target can go back to, newest first.',
    params: byTarget,
    status: 200,
    response: z.object({ items: z.array(rollbackPointView) }),
    errors: ['target_unknown'],
  }),
  rollback: route({
    method: 'POST',
    path: '/v1/targets/{target}/rollback',
    scope: 'deploy',
    summary:
      'Put an earlier version back at once. Without toVersion or toDeployment: the rollback point of the active deployment, else what was live before the last one.',
    params: byTarget,
    headers: idempotencyHeader,
    body: rollbackRequest,
    status: 202,
    response: deploymentView,
    errors: [
      'target_unknown',
      'no_rollback_point',
      'version_not_in_history',
      'deployment_not_of_target',
      'target_busy',
      'idempotency_conflict',
    ],
  }),
  settle: route({
    method: 'POST',
    path: '/v1/targets/{target}/settle',
    scope: 'deploy',
    summary: 'Put an alias that is weighted or on $LATEST onto one published version.',
    params: byTarget,
    headers: idempotencyHeader,
    body: settleRequest,
    status: 202,
    response: deploymentView,
    errors: ['target_unknown', 'target_busy', 'idempotency_conflict'],
  }),
  explainDeployment: route({
    method: 'GET',
    path: '/v1/deployments/{id}/explanation',
    scope: 'read',
    summary: 'What the judge saw and said about a deployment, block by block. 202 when the answer takes longer.',
    params: byId,
    status: 200,
    response: z.union([explanationView, waitingView]),
    errors: ['not_found', 'not_judged'],
  }),
  forecastRollout: route({
    method: 'POST',
    path: '/v1/targets/{target}/forecast',
    scope: 'read',
    summary: 'What a strategy can see at this target’s traffic, before anything is started. 202 when it takes longer.',
    params: byTarget,
    body: forecastRequest,
    status: 200,
    response: z.union([forecastView, waitingView]),
    errors: ['target_unknown'],
  }),
  backtestPolicy: route({
    method: 'POST',
    path: '/v1/targets/{target}/backtest',
    scope: 'read',
    summary: 'Which recorded rollouts of a target a policy would have stopped. 202 when it takes longer.',
    params: byTarget,
    body: backtestRequest,
    status: 200,
    response: z.union([backtestView, waitingView]),
    errors: ['target_unknown'],
  }),
  getQuery: route({
    method: 'GET',
    path: '/v1/queries/{id}',
    scope: 'read',
    summary: 'The answer to a question that took longer than its request. Kept for an hour.',
    params: byId,
    status: 200,
    response: queryView,
    errors: ['not_found'],
  }),
  createArtifact: route({
    method: 'POST',
    path: '/v1/artifacts',
    scope: 'deploy',
    summary:
      'Upload code as application/zip (streamed, addressed by its SHA-256), or name an S3 object or an image as JSON.',
    headers: uploadHeaders,
    body: createArtifactReference,
    upload: 'application/zip',
    status: 201,
    response: artifactView,
    errors: uploadErrors,
  }),
  getArtifact: route({
    method: 'GET',
    path: '/v1/artifacts/{id}',
    scope: 'read',
    summary: 'One artifact; never its bytes.',
    params: byId,
    status: 200,
    response: artifactView,
    errors: ['not_found'],
  }),
  ...alarmRoutes,
  ...serviceRoutes,
};

export type Routes = typeof routes;
export type RouteName = keyof Routes;

import { z } from 'zod';
import { doctorView, healthView, readyView } from './health.js';
import type { Route } from './routes.js';

/** What runs Sluice, and who looks after it, may ask. */
export const serviceRoutes = {
  health: {
    method: 'GET',
    path: '/health',
    scope: null,
    summary: 'The process lives.',
    status: 200,
    response: healthView,
    errors: [],
  },
  ready: {
    method: 'GET',
    path: '/ready',
    scope: null,
    summary:
      'Sluice does its work: the database answers and nothing is overdue. 503 with the same body when not; degraded (200) when a part is down and nothing is late. With for=traffic 503 only when this process cannot answer requests: for load balancers.',
    query: z.strictObject({ for: z.enum(['work', 'traffic']).default('work') }),
    status: 200,
    response: readyView,
    errors: [],
  },
  metrics: {
    method: 'GET',
    path: '/metrics',
    scope: 'read',
    summary: 'Figures in Prometheus’ text format. No key is asked for when SLUICE_METRICS_PUBLIC is on.',
    status: 200,
    response: null,
    otherContent: 'text/plain',
    errors: [],
  },
  openApi: {
    method: 'GET',
    path: '/openapi.json',
    scope: null,
    summary: 'This description.',
    status: 200,
    response: z.record(z.string(), z.unknown()),
    errors: [],
  },
  docs: {
    method: 'GET',
    path: '/docs',
    scope: null,
    summary: 'This description, to read and try.',
    status: 200,
    response: null,
    otherContent: 'text/html',
    errors: [],
  },
  home: {
    method: 'GET',
    path: '/',
    scope: null,
    summary: 'A page that shows running and recent deployments; it asks for a key.',
    status: 200,
    response: null,
    otherContent: 'text/html',
    errors: [],
  },
  doctor: {
    method: 'GET',
    path: '/v1/doctor',
    scope: 'read',
    summary: 'Everything that could be wrong, looked at: what it is, why it matters and what to do.',
    status: 200,
    response: doctorView,
    errors: [],
  },
} as const satisfies Record<string, Route>;

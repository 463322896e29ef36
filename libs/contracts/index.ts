export * from './artifacts.js';
export {
  type Client,
  type ClientOptions,
  createClient,
  type ListDeploymentsQuery,
  type UploadOptions,
  type ZipBytes,
} from './client/client.js';
export type { Sleep } from './client/clock.js';
export { ApiProblem, ApiUnreachable } from './client/failures.js';
export type { WatchOptions } from './client/watch.js';
export * from './configuration.js';
export * from './deployments.js';
export * from './error-codes.js';
export * from './events.js';
export * from './fields.js';
export * from './health.js';
export * from './page.js';
export * from './problem.js';
export * from './reasons.js';
export * from './routes.js';
export * from './scopes.js';
export * from './strategy.js';
export * from './targets.js';

export { type Clock, systemClock } from './clock.js';
export { type Config, ConfigError, environmentSchema, readConfig } from './config.js';
export { createLogger, type Logger, silentLogger } from './logger.js';
export { addPoolMetrics, createRegistry, releaseVersion } from './registry.js';
export { type Closable, closeAll } from './shutdown.js';
export { startTracing } from './start-tracing.js';
export { describeSpan, type OpenSpan, openSpan, traced, traceId, traceparent } from './tracing.js';

import type { TracingConfig } from './config.js';
import type { Logger } from './logger.js';
import type { Closable } from './shutdown.js';

/**
 * Sends traces when OpenTelemetry's own settings say where to; otherwise loads nothing and returns nothing. Call it once
 * per process, before anything is served, and close what it returns last.
 */
export async function startTracing(
  service: string,
  config: TracingConfig,
  logger: Logger,
): Promise<Closable | undefined> {
  if (!config.enabled) return undefined;
  const { startOpenTelemetry } = await import('./open-telemetry.js');
  const started = startOpenTelemetry(service, config, logger);
  logger.info({ sampler: config.sampler }, 'Traces are sent to the OpenTelemetry collector.');
  return started;
}

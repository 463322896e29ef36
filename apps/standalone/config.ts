import { type Config, readConfig } from '#runtime';

/** What `npm start` does differently when nobody said otherwise. */
const STANDALONE_DEFAULTS = {
  /** The emulator publishes metrics every 10 seconds instead of CloudWatch's 60, so that a demo rollout takes a minute. */
  SLUICE_METRICS_PERIOD_SECONDS: '10',
  SLUICE_SWEEP_SECONDS: '2',
  SLUICE_LOG_LEVEL: 'warn',
};

export function readStandaloneConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  return readConfig({ ...STANDALONE_DEFAULTS, ...given });
}

/** The AWS SDK announces on Node 20 what it will need in 2027; the README says so, and `npm start` need not every time. */
export function quietAwsSdk(environment: NodeJS.ProcessEnv = process.env): void {
  environment['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
}

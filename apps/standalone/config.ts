import { type Config, readConfig } from '#runtime';

/** What `npm start` does differently when nobody said otherwise. */
const STANDALONE_DEFAULTS = { SLUICE_SWEEP_SECONDS: '2', SLUICE_LOG_LEVEL: 'warn' };

/** The emulator publishes metrics every 10 seconds, so that a demo rollout takes a minute; CloudWatch takes its 60. */
const EMULATOR_DEFAULTS = { SLUICE_METRICS_PERIOD_SECONDS: '10' };

export function readStandaloneConfig(environment: NodeJS.ProcessEnv = process.env): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value?.trim()));
  const emulated = readConfig(given).emulator.enabled;
  return readConfig({ ...STANDALONE_DEFAULTS, ...(emulated ? EMULATOR_DEFAULTS : {}), ...given });
}

/** The AWS SDK announces on Node 20 what it will need in 2027; the README says so, and `npm start` need not every time. */
export function quietAwsSdk(environment: NodeJS.ProcessEnv = process.env): void {
  environment['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
}

const CREDENTIAL_VARIABLES = [
  'AWS_PROFILE',
  'AWS_SESSION_TOKEN',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

/**
 * Whatever credentials this machine has are for AWS, not for the emulator: they are not used, not asked for (an expired
 * profile would stop the demo) and not sent. Changes this process's own environment only.
 */
export function forgetAwsCredentials(environment: NodeJS.ProcessEnv = process.env): void {
  for (const name of CREDENTIAL_VARIABLES) delete environment[name];
  environment['AWS_ACCESS_KEY_ID'] = 'emulator';
  environment['AWS_SECRET_ACCESS_KEY'] = 'not-a-secret';
}

/** The SDK's own variables that say where credentials come from; if none is set, there are none in the environment. */
const CREDENTIAL_VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

/** Whether the process was told of any AWS credentials. Read once, when the clients are made. */
export function hasCredentialsInEnvironment(environment: NodeJS.ProcessEnv = process.env): boolean {
  return CREDENTIAL_VARIABLES.some((name) => Boolean(environment[name]?.trim()));
}

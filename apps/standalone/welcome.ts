import { relative } from 'node:path';
import type { Config } from '#runtime';
import type { Standalone } from './start.js';

/** What `npm start` prints when everything is ready. */
export function welcome(sluice: Pick<Standalone, 'url' | 'keyFile' | 'emulatorUrl'>, config: Config): string {
  const parts = [
    config.databaseUrl ? 'your Postgres' : 'an embedded Postgres',
    `the queue on ${config.redisUrl ? 'your Redis' : 'Postgres'}`,
    sluice.emulatorUrl ? 'an emulated Lambda' : 'AWS',
  ];
  const lines = [
    '',
    `Sluice is ready: ${sluice.url}   (API documents: ${sluice.url}/docs)`,
    `  API key     ${relative('.', sluice.keyFile) || sluice.keyFile}   (npx sluice finds it there)`,
    `  runs on     ${parts.join(', ')}`,
  ];
  if (sluice.emulatorUrl) lines.push(...demo(sluice.emulatorUrl, config));
  if (sluice.emulatorUrl && config.awsEndpointUrl && config.awsEndpointUrl !== sluice.emulatorUrl) {
    lines.push('', `AWS_ENDPOINT_URL is not used while the emulator is on. To use it: SLUICE_EMULATOR=off npm start`);
  }
  return [...lines, '', 'Ctrl-C stops everything; a rollout under way goes on at the next start.', ''].join('\n');
}

function demo(emulatorUrl: string, config: Config): string[] {
  return [
    `  emulator    ${emulatorUrl}   (try: aws --endpoint-url ${emulatorUrl} lambda get-alias --function-name checkout --name live)`,
    `  demo        function "checkout", alias "live", ${config.demo.requestsPerSecond} requests a second`,
    `  metrics     one period every ${config.metricsPeriodSeconds} seconds; CloudWatch's real periods are 60 seconds`,
    '',
    'In another terminal, in this folder:',
    '  npx sluice deploy checkout --dir examples/checkout/v2 --watch       a good change: promoted in two to three minutes',
    '  npx sluice deploy checkout --dir examples/checkout/v3-bad --watch   a bad one: rolled back within a minute',
    '  npx sluice history checkout',
    '  npx sluice rollback checkout --watch',
  ];
}

import { forgetAwsCredentials, readStandaloneConfig } from './config.js';
import { welcome } from './welcome.js';

const where = { url: 'http://127.0.0.1:3000', keyFile: '/x/.sluice/api-key', emulatorUrl: 'http://127.0.0.1:3001' };

test('the emulator has metrics every 10 seconds, AWS every 60', () => {
  expect(readStandaloneConfig({}).metricsPeriodSeconds).toBe(10);
  expect(readStandaloneConfig({ SLUICE_EMULATOR: 'off' }).metricsPeriodSeconds).toBe(60);
});

test('what is set in the environment wins over what npm start would choose, an empty value does not', () => {
  const config = readStandaloneConfig({ SLUICE_METRICS_PERIOD_SECONDS: '30', SLUICE_SWEEP_SECONDS: ' ', PORT: '' });
  expect(config).toMatchObject({ metricsPeriodSeconds: 30, sweepSeconds: 2, port: 3000 });
});

test('somebody who set AWS_ENDPOINT_URL is told that the emulator is used instead', () => {
  const told = (endpoint: string) => welcome(where, readStandaloneConfig({ AWS_ENDPOINT_URL: endpoint }));
  expect(told('http://127.0.0.1:4566')).toMatch(/AWS_ENDPOINT_URL is not used.*SLUICE_EMULATOR=off/);
  expect(told(where.emulatorUrl)).not.toMatch(/AWS_ENDPOINT_URL is not used/);
});

test("this machine's own AWS credentials are not used for the emulator", () => {
  const environment = {
    AWS_PROFILE: 'expired',
    AWS_ACCESS_KEY_ID: 'AKIAREAL',
    AWS_SECRET_ACCESS_KEY: 'real',
    HOME: '/home/x',
  };
  forgetAwsCredentials(environment);
  expect(Object.values(environment)).not.toContain('real');
  expect(environment).not.toHaveProperty('AWS_PROFILE');
  expect(environment.HOME).toBe('/home/x');
});

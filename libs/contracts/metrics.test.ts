import { createTarget, targetAlarms, targetMetrics } from './targets.js';

const queries = { invocations: 'a{version="{{version}}"}[{{ window }}]', errors: 'b or vector(0)' };
const prometheus = { source: 'prometheus', url: 'https://prometheus.example:9090', queries };
const keys = {
  apiKeyVariable: 'SLUICE_METRICS_SECRET_DD_API',
  applicationKeyVariable: 'SLUICE_METRICS_SECRET_DD_APP',
};

describe('where a target’s evidence comes from', () => {
  test.each([
    { source: 'cloudwatch' },
    { source: 'cloudwatch', periodSeconds: 60, settleSeconds: 90 },
    { source: 'logs', logGroup: '/aws/lambda/checkout', textRuntime: 'python', periodSeconds: 10 },
    prometheus,
    { ...prometheus, bearerTokenVariable: 'SLUICE_METRICS_SECRET_PROMETHEUS' },
    { source: 'datadog', site: 'datadoghq.eu', queries, ...keys },
    { source: 'http', url: 'https://metrics.example/evidence' },
  ])('is accepted: %j', (metrics) => {
    expect(targetMetrics.safeParse(metrics).success).toBe(true);
  });

  test.each([
    ['a source nobody knows', { source: 'graphite' }],
    ['a secret instead of its name', { ...prometheus, bearerToken: 'abc' }],
    ['a variable that is not a source’s secret', { ...prometheus, bearerTokenVariable: 'DATABASE_URL' }],
    ['credentials in the address', { ...prometheus, url: 'https://user:password@prometheus.example' }],
    ['another protocol', { source: 'http', url: 'file:///etc/passwd' }],
    ['an expression in a query', { ...prometheus, queries: { ...queries, errors: '{{ version + 1 }}' } }],
    ['a site that is not Datadog’s', { source: 'datadog', site: 'evil.example', queries, ...keys }],
    ['periods of nothing', { source: 'logs', periodSeconds: 0 }],
  ])('%s is refused', (_name, metrics) => {
    expect(targetMetrics.safeParse(metrics).success).toBe(false);
  });

  test('alarms are named once each, without control characters', () => {
    expect(targetAlarms.safeParse(['errors', 'p99 of checkout']).success).toBe(true);
    expect(targetAlarms.safeParse(['errors', 'errors']).success).toBe(false);
    expect(targetAlarms.safeParse(['two\nlines']).success).toBe(false);
  });

  test('a target may name both when it is made', () => {
    const place = { functionName: 'checkout', aliasName: 'live', region: 'eu-central-1', accountId: '123456789012' };
    const made = { name: 'checkout', ...place, metrics: { source: 'logs' }, alarms: ['errors'] };
    expect(createTarget.safeParse(made).success).toBe(true);
  });
});

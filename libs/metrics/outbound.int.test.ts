import { readMetricsConfig } from './config.js';
import { createOutbound } from './outbound.js';
import { serve } from './troubled-server.fixture.js';

const ask = { method: 'GET', timeoutMs: 2_000 } as const;

describe('addresses that a target’s settings may not lead to', () => {
  test.each([
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://0177.0.0.1/',
    'https://0.0.0.0/',
    'https://[::1]/',
    'https://[::]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:169.254.169.254]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[2002:7f00:1::]/',
    'https://[fd00:ec2::254]/',
    'https://[fe80::1]/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://198.18.0.1/',
    'https://224.0.0.1/',
    'https://255.255.255.255/',
    'https://localhost/',
    'http://example.com/',
    'https://user:password@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_x',
  ])('%s', async (address) => {
    const answer = await createOutbound({ trustedOrigins: [] }).send({ ...ask, url: new URL(address) });
    expect(answer).toMatchObject({ ok: false, retry: 'never' });
  });

  test('a name with one private address among public ones', async () => {
    const lookup = async () => [
      { address: '93.184.216.34', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    const outbound = createOutbound({ trustedOrigins: [], lookup });
    expect(await outbound.send({ ...ask, url: new URL('https://evil.example/') })).toMatchObject({
      ok: false,
      reason: expect.stringContaining('network'),
    });
  });

  test('the instance metadata service, even behind a trusted name', async () => {
    const lookup = async () => [{ address: '169.254.169.254', family: 4 }];
    const outbound = createOutbound({ trustedOrigins: ['http://prometheus.internal'], lookup });
    expect((await outbound.send({ ...ask, url: new URL('http://prometheus.internal/') })).ok).toBe(false);
  });

  test('a name is asked for once, and the connection goes to the answer', async () => {
    const server = await serve((_request, response) => response.end('{}'));
    const { port } = new URL(server.origin);
    let asked = 0;
    const lookup = async () => {
      asked += 1;
      return [{ address: asked === 1 ? '127.0.0.1' : '169.254.169.254', family: 4 }];
    };
    const outbound = createOutbound({ trustedOrigins: [`http://rebinding.example:${port}`], lookup });
    const answer = await outbound.send({ ...ask, url: new URL(`http://rebinding.example:${port}/`) });
    await server.close();
    expect([answer, asked]).toMatchObject([{ ok: true, status: 200 }, 1]);
  });
});

describe('what is sent and what is read', () => {
  test('secrets go to trusted origins only', async () => {
    const seen: (string | undefined)[] = [];
    const server = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    const url = new URL(server.origin);
    const secretHeaders = { authorization: 'Bearer a-secret' };
    const trusting = createOutbound({ trustedOrigins: [server.origin] });
    expect((await trusting.send({ ...ask, url, secretHeaders })).ok).toBe(true);
    const lookup = async () => [{ address: '93.184.216.34', family: 4 }];
    const other = createOutbound({ trustedOrigins: [server.origin], lookup });
    const refused = await other.send({ ...ask, url: new URL('https://elsewhere.example/'), secretHeaders });
    expect(refused).toMatchObject({ ok: false, retry: 'never' });
    await server.close();
    expect(seen).toEqual(['Bearer a-secret']);
  });

  test('a redirect is an answer, not an order', async () => {
    let visits = 0;
    const server = await serve((_request, response) => {
      visits += 1;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    const outbound = createOutbound({ trustedOrigins: [server.origin] });
    expect(await outbound.send({ ...ask, url: new URL(server.origin) })).toMatchObject({ ok: true, status: 302 });
    await server.close();
    expect(visits).toBe(1);
  });

  test('an answer without end is cut off', async () => {
    const server = await serve((_request, response) => {
      const more = () =>
        response.write('x'.repeat(65_536), (error) => error || response.destroyed || setImmediate(more));
      more();
    });
    const outbound = createOutbound({ trustedOrigins: [server.origin], maxBytes: 500_000 });
    expect(await outbound.send({ ...ask, url: new URL(server.origin) })).toMatchObject({
      ok: false,
      reason: expect.stringContaining('too large'),
    });
    await server.close();
  });
});

describe('the worker’s settings for sources', () => {
  test('only variables of their own prefix can be named', () => {
    const config = readMetricsConfig({ DATABASE_URL: 'postgres://', SLUICE_METRICS_SECRET_DATADOG: ' key ' });
    expect(config.secret('DATABASE_URL')).toBeUndefined();
    expect(config.secret('SLUICE_METRICS_SECRET_DATADOG')).toBe('key');
    expect(config.secret('SLUICE_METRICS_SECRET_OTHER')).toBeUndefined();
  });

  test('trusted origins are origins, or the worker does not start', () => {
    const config = readMetricsConfig({ SLUICE_METRICS_ORIGINS: 'http://127.0.0.1:9090/, https://api.datadoghq.eu' });
    expect(config.trustedOrigins).toEqual(['http://127.0.0.1:9090', 'https://api.datadoghq.eu']);
    expect(() => readMetricsConfig({ SLUICE_METRICS_ORIGINS: 'prometheus:9090' })).toThrow('SLUICE_METRICS_ORIGINS');
  });
});

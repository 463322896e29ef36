import {
  ApiProblem,
  ApiUnreachable,
  createClient,
  createDeployment,
  createTarget,
  type ErrorCode,
  errorCodes,
  errorEntry,
  problem,
  problemOf,
  type Route,
  reasonRemedies,
  routes,
  strategyInput,
  strategyTypes,
} from './index.js';

describe('the catalogue of errors', () => {
  test.each(errorCodes)('%s has a status, a sentence and a remedy', (code) => {
    const { status, sentence, remedy } = errorEntry(code);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    for (const text of [sentence, remedy]) expect(text).toMatch(/^[A-Z].*\.$/);
  });

  test('every remedy of a reason is a sentence', () => {
    for (const remedy of Object.values(reasonRemedies)) if (remedy !== null) expect(remedy).toMatch(/^[A-Z].*[.)]$/);
  });

  test('a problem says everything the catalogue knows, and what this request adds', () => {
    const made = problemOf('target_busy', { detail: 'Busy with another.', deploymentId: crypto.randomUUID() });
    expect(problem.parse(made)).toEqual(made);
    expect(made).toMatchObject({ status: 409, code: 'target_busy', type: expect.stringMatching(/#target_busy$/) });
  });
});

describe('the route table', () => {
  const table = Object.entries<Route>(routes);

  test('has no two routes with the same method and path', () => {
    const places = table.map(([, route]) => `${route.method} ${route.path}`);
    expect(new Set(places).size).toBe(places.length);
  });

  test('asks for a key wherever deployments, targets, artifacts or figures are concerned', () => {
    const open = table.filter(([, route]) => route.scope === null).map(([, route]) => route.path);
    // SNS shows no key: its signature is checked instead.
    expect(open.sort()).toEqual(['/', '/docs', '/health', '/openapi.json', '/ready', '/v1/alarms/sns']);
  });

  test('only reads with GET, and with the questions whose words do not fit into an address', () => {
    const questions = ['forecastRollout', 'backtestPolicy'];
    for (const [name, route] of table) {
      const reads = route.method === 'GET' || questions.includes(name);
      if (name === 'alarmMessage') continue;
      expect([name, route.scope === 'read' || route.scope === null]).toEqual([name, reads]);
    }
  });

  test('names parameters exactly as its paths do', () => {
    for (const [name, route] of table) {
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect([name, Object.keys(route.params?.shape ?? {})]).toEqual([name, inPath]);
    }
  });
});

describe('requests', () => {
  test('every type of strategy has its branch: only its members are missing, never the type itself', () => {
    for (const type of strategyTypes) {
      const issues = strategyInput.safeParse({ type, surplus: 1 }).error?.issues ?? [];
      expect([type, JSON.stringify(issues)]).toEqual([type, expect.stringContaining('surplus')]);
    }
  });

  test.each([
    'canary',
    'CodeDeployDefault.LambdaCanary10Percent5Minutes',
    { type: 'all-at-once' },
    { type: 'adaptive' },
    { type: 'canary', weightPercent: 0.001, bake: '1h30m', gates: ['analysis', 'approval'] },
    { type: 'linear', stepPercent: 12.5, bake: 60 },
    { type: 'steps', steps: [{ weight: 1, bake: '30s' }] },
  ])('the strategy %j is understood', (strategy) => {
    expect(strategyInput.safeParse(strategy).success).toBe(true);
  });

  test.each([
    '',
    { type: 'yolo' },
    { type: 'canary', weightPercent: 100, bake: '5m' },
    { type: 'canary', weightPercent: 10, bake: '5 minutes' },
    { type: 'canary', weightPercent: 10, bake: '5m', extra: 1 },
    { type: 'steps', steps: [] },
    { type: 'steps', steps: [{ weight: 1, bake: 0 }] },
    { type: 'steps', steps: Array.from({ length: 101 }, () => ({ weight: 1, bake: 1 })) },
  ])('the strategy %j is not', (strategy) => {
    expect(strategyInput.safeParse(strategy).success).toBe(false);
  });

  test('are refused with anything in them that nobody promised to understand', () => {
    const deployment = { target: 'checkout', configuration: { memorySize: 256 } };
    expect(createDeployment.safeParse(deployment).success).toBe(true);
    expect(createDeployment.safeParse({ ...deployment, phase: 'succeeded' }).success).toBe(false);
    const target = {
      name: 'a',
      functionName: 'a',
      aliasName: 'live',
      region: 'us-gov-west-1',
      accountId: '000000000000',
    };
    expect(createTarget.safeParse(target).success).toBe(true);
    expect(createTarget.safeParse({ ...target, projectId: 'x' }).success).toBe(false);
  });
});

describe('the client', () => {
  const answering =
    (status: number, body: unknown): typeof fetch =>
    async () =>
      new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  const clientOf = (fetch: typeof globalThis.fetch, baseUrl = 'http://sluice.test/') =>
    createClient({ baseUrl, apiKey: 'k', fetch });

  test('sends what the route table says, to wherever the base lies', async () => {
    const sent: Request[] = [];
    const recording: typeof fetch = async (input, init) => {
      sent.push(new Request(input, init));
      return new Response(JSON.stringify({ items: [], next: null }));
    };
    await clientOf(recording, 'http://sluice.test/prefix/').listDeployments({ phase: ['baking', 'paused'], limit: 5 });
    expect(sent[0]?.url).toBe('http://sluice.test/prefix/v1/deployments?phase=baking&phase=paused&limit=5');
    expect(sent[0]?.headers.get('authorization')).toBe('Bearer k');
    expect(sent[0]?.redirect).toBe('error');
  });

  test('escapes what stands in a path', async () => {
    let url = '';
    const recording: typeof fetch = async (input) => {
      url = String(input);
      return new Response('{}', { status: 404 });
    };
    await clientOf(recording)
      .getTarget('../keys?x#')
      .catch(() => undefined);
    expect(url).toBe('http://sluice.test/v1/targets/..%2Fkeys%3Fx%23');
  });

  test('throws the problem when the API says no', async () => {
    const code: ErrorCode = 'target_unknown';
    const failing = clientOf(answering(404, problemOf(code))).getTarget('nobody');
    await expect(failing).rejects.toBeInstanceOf(ApiProblem);
    await expect(failing).rejects.toMatchObject({ code, status: 404 });
  });

  test.each([
    [502, '<html>Bad gateway</html>'],
    [404, '<html>nginx</html>'],
    [200, '<html>Log in</html>'],
    [200, { items: 'none' }],
  ])('says that it is not the API when %p %p comes back', async (status, body) => {
    await expect(clientOf(answering(status, body)).listTargets()).rejects.toBeInstanceOf(ApiUnreachable);
  });

  test('says where nobody answers', async () => {
    const refused = clientOf(() => Promise.reject(new TypeError('fetch failed'))).health();
    await expect(refused).rejects.toThrow('Sluice does not answer at http://sluice.test.');
  });

  test('keeps an abort an abort', async () => {
    const abort = new AbortController();
    abort.abort();
    const watching = clientOf(fetch).watchDeployment(crypto.randomUUID(), { signal: abort.signal });
    expect(await watching.next()).toEqual({ done: true, value: undefined });
  });
});

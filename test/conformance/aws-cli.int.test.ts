import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Emulator, startEmulator } from '../../apps/emulator/start.js';
import { describeWith, run, runs } from './outside-tools.js';
import { packageNumber } from './package-zip.js';

describeWith('there is no AWS CLI on the PATH (apt-get install awscli)', runs('aws', '--version'))(
  'the AWS CLI',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
    let emulator: Emulator;
    beforeAll(async () => {
      emulator = await startEmulator({ port: 0, settleMs: 50, metricsPublicationDelayMs: 0 });
      for (const n of [1, 2]) writeFileSync(join(folder, `${n}.zip`), await packageNumber(n));
    });
    afterAll(async () => {
      await emulator.close();
      rmSync(folder, { recursive: true, force: true });
    });

    async function attempt(...args: string[]) {
      return run('aws', ['--endpoint-url', emulator.url, '--output', 'json', ...args], {
        cwd: folder,
        env: {
          AWS_ACCESS_KEY_ID: 'test',
          AWS_SECRET_ACCESS_KEY: 'test',
          AWS_DEFAULT_REGION: 'us-east-1',
          AWS_MAX_ATTEMPTS: '1',
          AWS_PAGER: '',
        },
      });
    }

    async function aws(...args: string[]): Promise<Record<string, unknown>> {
      const { status, stdout, stderr } = await attempt(...args);
      if (status !== 0) throw new Error(`aws ${args.join(' ')}: ${stderr}`);
      return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
    }

    test('create, publish, weigh, invoke, promote, read metrics and logs, delete', async () => {
      const named = ['--function-name', 'by-cli'];
      const create = [
        '--runtime',
        'nodejs20.x',
        '--handler',
        'index.handler',
        '--role',
        'arn:aws:iam::000000000000:role/r',
      ];
      expect(await aws('lambda', 'create-function', ...named, ...create, '--zip-file', 'fileb://1.zip')).toMatchObject({
        State: 'Pending',
      });
      await aws('lambda', 'wait', 'function-active-v2', ...named);
      expect(await aws('lambda', 'publish-version', ...named)).toMatchObject({ Version: '1' });
      await aws('lambda', 'update-function-code', ...named, '--zip-file', 'fileb://2.zip');
      await aws('lambda', 'wait', 'function-updated-v2', ...named);
      expect(await aws('lambda', 'publish-version', ...named)).toMatchObject({ Version: '2' });
      const made = await aws('lambda', 'create-alias', ...named, '--name', 'live', '--function-version', '1');
      const live = [...named, '--name', 'live'];
      const weighed = await aws(
        'lambda',
        'update-alias',
        ...live,
        '--routing-config',
        '{"AdditionalVersionWeights":{"2":0.1}}',
        '--revision-id',
        String(made['RevisionId']),
      );
      expect(weighed).toMatchObject({ RoutingConfig: { AdditionalVersionWeights: { 2: 0.1 } } });
      const stale = await attempt(
        'lambda',
        'update-alias',
        ...live,
        '--function-version',
        '2',
        '--revision-id',
        String(made['RevisionId']),
      );
      expect(stale.status).not.toBe(0);
      expect(stale.stderr).toContain('(PreconditionFailedException)');
      const invoked = await aws('lambda', 'invoke', ...named, '--qualifier', 'live', '--payload', '{}', 'out.json');
      expect(invoked).toMatchObject({ StatusCode: 200 });
      expect(JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8'))).toMatchObject({
        version: invoked['ExecutedVersion'],
      });
      const promoted = await aws(
        'lambda',
        'update-alias',
        ...live,
        '--function-version',
        '2',
        '--routing-config',
        '{"AdditionalVersionWeights":{}}',
      );
      expect(promoted).toMatchObject({ FunctionVersion: '2' });
      expect(promoted).not.toHaveProperty('RoutingConfig');
      await metricsAndLogs();
      await aws('lambda', 'delete-function', ...named);
      expect((await attempt('lambda', 'get-function', ...named)).stderr).toContain('(ResourceNotFoundException)');
    }, 120_000);

    async function metricsAndLogs() {
      const now = Math.floor(performance.timeOrigin + performance.now());
      const seconds = (offset: number) => new Date(now + offset * 1000).toISOString();
      const window = [
        '--start-time',
        seconds(-600),
        '--end-time',
        seconds(600),
        '--period',
        '60',
        '--statistics',
        'Sum',
      ];
      const dimension = ['--dimensions', 'Name=FunctionName,Value=by-cli'];
      const metrics = ['--namespace', 'AWS/Lambda', '--metric-name', 'Invocations'];
      const { Datapoints } = (await aws(
        'cloudwatch',
        'get-metric-statistics',
        ...metrics,
        ...dimension,
        ...window,
      )) as { Datapoints: { Sum: number }[] };
      expect(Datapoints.map((one) => one.Sum)).toEqual([1]);
      const logs = (await aws(
        'logs',
        'filter-log-events',
        '--log-group-name',
        '/aws/lambda/by-cli',
        '--filter-pattern',
        'REPORT',
      )) as { events: { message: string }[] };
      expect(logs.events).toHaveLength(1);
      expect(logs.events[0]?.message).toContain('Duration:');
    }
  },
);

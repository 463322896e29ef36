import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
} from '@aws-sdk/client-lambda';
import { type CodeWorld, node, openCodeWorld } from '../../../test/conformance/code-world.js';
import { describeWith } from '../../../test/conformance/outside-tools.js';
import { zipOf } from '../../../test/conformance/package-zip.js';
import { startEmulator } from '../start.js';

let world: CodeWorld;
beforeAll(async () => {
  world = await openCodeWorld();
});
afterAll(() => world.close());

const create: CodeWorld['create'] = (...args) => world.create(...args);
const invoke: CodeWorld['invoke'] = (...args) => world.invoke(...args);

test.each([
  ['CommonJS, async', { 'index.js': 'exports.handler = async (event) => event.n + 1' }, 'index.handler'],
  [
    'CommonJS, callback',
    { 'index.js': 'exports.handler = (event, context, done) => setTimeout(() => done(null, event.n + 1), 5)' },
    'index.handler',
  ],
  [
    'CommonJS, context.succeed',
    { 'index.js': 'exports.handler = (event, context) => context.succeed(event.n + 1)' },
    'index.handler',
  ],
  ['ES module by ending', { 'index.mjs': 'export const handler = async (event) => event.n + 1' }, 'index.handler'],
  [
    'ES module by package.json',
    { 'index.js': 'export const handler = async (event) => event.n + 1', 'package.json': '{"type":"module"}' },
    'index.handler',
  ],
  ['in a folder, nested', { 'src/app.js': 'exports.api = { run: async (event) => event.n + 1 }' }, 'src/app.api.run'],
])('a Node handler runs: %s', async (_kind, files, Handler) => {
  const fn = await create(files, { Handler });
  expect(await invoke(fn, { n: 41 })).toMatchObject({ text: '42', error: undefined });
});

test('a streamed response arrives as its bytes', async () => {
  const fn = await create(
    node(
      'exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write("[1,"); stream.write("2]"); stream.end(); })',
    ),
  );
  expect((await invoke(fn)).text).toBe('[1,2]');
});

test('variables, context and arguments are those of Lambda, and nothing of the host leaks in', async () => {
  const fn = await create(
    node(
      'exports.handler = async (event, context) => ({ env: process.env, context, left: context.getRemainingTimeInMillis(), cwd: process.cwd() })',
    ),
    { Environment: { Variables: { MINE: 'yes' } }, Timeout: 9, MemorySize: 256 },
  );
  process.env['HOST_SECRET'] = 'leaked';
  const { value } = await invoke(fn);
  delete process.env['HOST_SECRET'];
  expect(value).toMatchObject({
    env: {
      MINE: 'yes',
      AWS_LAMBDA_FUNCTION_NAME: fn,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_REGION: 'us-east-1',
      _HANDLER: 'index.handler',
      TZ: ':UTC',
    },
    context: {
      functionName: fn,
      memoryLimitInMB: '256',
      invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${fn}`,
      logGroupName: `/aws/lambda/${fn}`,
    },
  });
  expect(value?.['env']).not.toHaveProperty('HOST_SECRET');
  expect(value?.['left']).toBeGreaterThan(7000);
});

test.each([
  [
    'a thrown error',
    'exports.handler = async () => { throw new RangeError("too far") }',
    { errorType: 'RangeError', errorMessage: 'too far' },
  ],
  [
    'a thrown string',
    'exports.handler = async () => { throw "words" }',
    { errorType: 'string', errorMessage: 'words' },
  ],
  [
    'a callback error',
    'exports.handler = (e, c, done) => done(new Error("called back"))',
    { errorType: 'Error', errorMessage: 'called back' },
  ],
  [
    'an uncaught exception',
    'exports.handler = () => new Promise(() => setTimeout(() => { throw new Error("later") }, 5))',
    { errorType: 'Error', errorMessage: 'later' },
  ],
  [
    'an unhandled rejection',
    'exports.handler = () => { Promise.reject(new Error("nobody")); return new Promise((r) => setTimeout(r, 500)) }',
    { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: 'Error: nobody' },
  ],
  [
    'a missing handler',
    'exports.other = 1',
    { errorType: 'Runtime.HandlerNotFound', errorMessage: 'index.handler is undefined or not exported' },
  ],
  ['a syntax error', 'exports.handler = async ( => 1', { errorType: 'Runtime.UserCodeSyntaxError' }],
  [
    'a missing module',
    'require("not-there"); exports.handler = async () => 1',
    { errorType: 'Runtime.ImportModuleError' },
  ],
])('%s is reported as Lambda reports it', async (_kind, body, expected) => {
  const fn = await create(node(body));
  expect(await invoke(fn)).toMatchObject({ error: 'Unhandled', value: expected });
});

test('an exiting process is reported with its status, and the next call starts afresh', async () => {
  const fn = await create(node('exports.handler = async (event) => event.exit ? process.exit(3) : "fine"'));
  const { error, value, log } = await invoke(fn, { exit: true });
  expect(error).toBe('Unhandled');
  expect(value?.['errorType']).toBe('Runtime.ExitError');
  expect(value?.['errorMessage']).toMatch(/^RequestId: [0-9a-f-]{36} Error: Runtime exited with error: exit status 3$/);
  expect(log).toContain('Error Type: Runtime.ExitError');
  expect((await invoke(fn)).text).toBe('"fine"');
});

test('a handler that takes too long is stopped at its limit', async () => {
  const fn = await create(node('exports.handler = () => new Promise((done) => setTimeout(done, 5000))'), {
    Timeout: 1,
  });
  const { value, log } = await invoke(fn);
  expect(value?.['errorMessage']).toMatch(/Task timed out after 1\.00 seconds$/);
  expect(log).toMatch(/Duration: 10\d\d\.\d\d ms.*Status: timeout/s);
});

test('a process that outgrows its memory is killed', async () => {
  const fn = await create(
    node(
      'exports.handler = () => new Promise(() => { const kept = []; setInterval(() => kept.push(Buffer.alloc(20 << 20, 1)), 10); })',
    ),
    { Timeout: 20 },
  );
  const { value, log } = await invoke(fn);
  expect(value).toMatchObject({ errorType: 'Runtime.OutOfMemory' });
  expect(value?.['errorMessage']).toMatch(/Runtime exited with error: signal: killed$/);
  expect(log).toContain('Error Type: Runtime.OutOfMemory');
}, 30_000);

test('an event loop that runs dry answers null', async () => {
  const fn = await create(node('exports.handler = (event, context, done) => undefined'));
  expect((await invoke(fn)).text).toBe('null');
});

test('a warm environment is reused and keeps its memory; only its first call shows Init Duration', async () => {
  const fn = await create(node('let calls = 0; exports.handler = async () => (calls += 1)'));
  const first = await invoke(fn);
  const second = await invoke(fn);
  expect([first.text, second.text]).toEqual(['1', '2']);
  expect(first.log).toContain('Init Duration:');
  expect(second.log).not.toContain('Init Duration:');
});

test('an environment that is idle for 100 ms is frozen, and thaws with its memory', async () => {
  const fn = await create(
    node('let n = 0; setInterval(() => { n += 1; }, 1); exports.handler = async () => ({ pid: process.pid, n })'),
  );
  const { value } = await invoke(fn);
  const state = () => /State:\s+(\w)/.exec(readFileSync(`/proc/${value?.['pid']}/status`, 'utf8'))?.[1];
  for (let i = 0; i < 100 && state() !== 'T'; i += 1) await pause(20);
  expect(state()).toBe('T');
  const thawed = await invoke(fn);
  expect(thawed.value).toMatchObject({ pid: value?.['pid'] });
});

test('calls at the same time run in processes of their own', async () => {
  const fn = await create(
    node('exports.handler = async () => { await new Promise((done) => setTimeout(done, 150)); return process.pid; }'),
  );
  const pids = await Promise.all([1, 2, 3].map(() => invoke(fn).then((one) => one.text)));
  expect(new Set(pids).size).toBe(3);
});

test('reserved concurrency refuses what goes beyond it, with its reason', async () => {
  const fn = await create(node('exports.handler = () => new Promise((done) => setTimeout(done, 300))'));
  await world.lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: fn, ReservedConcurrentExecutions: 1 }));
  const outcomes = await Promise.allSettled([invoke(fn), invoke(fn)]);
  const refused = outcomes.find((one) => one.status === 'rejected');
  expect(outcomes.filter((one) => one.status === 'fulfilled')).toHaveLength(1);
  expect(refused?.reason).toMatchObject({
    name: 'TooManyRequestsException',
    Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
  });
});

test('closing the emulator ends its processes', async () => {
  const own = await startEmulator({ port: 0, settleMs: 0 });
  const client = new LambdaClient({
    endpoint: own.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  const Code = { ZipFile: await zipOf(node('exports.handler = async () => process.pid')) };
  await client.send(
    new CreateFunctionCommand({
      FunctionName: 'f',
      Runtime: 'nodejs20.x',
      Handler: 'index.handler',
      Role: 'arn:aws:iam::000000000000:role/r',
      Code,
    }),
  );
  const { Payload } = await client.send(new InvokeCommand({ FunctionName: 'f' }));
  const pid = Buffer.from(Payload ?? []).toString();
  await own.close();
  const gone = () => !readdirSync('/proc').includes(pid);
  for (let i = 0; i < 100 && !gone(); i += 1) await pause(20);
  expect(gone()).toBe(true);
  client.destroy();
});

const python = spawnSync('python3', ['--version']).status === 0;
describeWith('there is no python3 on the PATH', python)('Python', () => {
  const py = (body: string) => create({ 'app.py': body }, { Runtime: 'python3.12', Handler: 'app.handler' });

  test('a handler runs with its context and its log', async () => {
    const fn = await py(
      'import logging\nlogging.getLogger().setLevel("INFO")\ndef handler(event, context):\n    print("printed")\n    logging.info("logged")\n    return {"n": event["n"] + 1, "fn": context.function_name, "left": context.get_remaining_time_in_millis() > 1000}\n',
    );
    const { value, log } = await invoke(fn, { n: 41 });
    expect(value).toEqual({ n: 42, fn, left: true });
    expect(log).toMatch(/START.*printed\n\[INFO\]\t.*\tlogged\nEND/s);
  });

  test('an exception carries its type, message and stack', async () => {
    const fn = await py('def handler(event, context):\n    raise ValueError("no good")\n');
    const { error, value } = await invoke(fn);
    expect(error).toBe('Unhandled');
    expect(value).toMatchObject({ errorType: 'ValueError', errorMessage: 'no good' });
    expect(JSON.stringify(value?.['stackTrace'])).toContain('app.py');
  });

  test('a module that cannot be imported says so', async () => {
    const fn = await py('import not_there\ndef handler(event, context):\n    pass\n');
    expect((await invoke(fn)).value).toMatchObject({
      errorType: 'Runtime.ImportModuleError',
      errorMessage: "Unable to import module 'app': No module named 'not_there'",
    });
  });
});

test('a custom runtime speaks the Runtime API itself', async () => {
  const bootstrap = `#!${process.execPath}
const base = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2018-06-01/runtime/invocation/';
(async () => {
  for (;;) {
    const next = await fetch(base + 'next');
    const event = await next.json();
    await fetch(base + next.headers.get('lambda-runtime-aws-request-id') + '/response', { method: 'POST', body: JSON.stringify({ custom: event }) });
  }
})();
`;
  const { ZipFile } = await import('yazl');
  const zip = new ZipFile();
  zip.addBuffer(Buffer.from(bootstrap), 'bootstrap', { mode: 0o100755 });
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  const fn = await create(
    { 'unused.txt': 'x' },
    { Runtime: 'provided.al2023', Handler: 'none', Code: { ZipFile: Buffer.concat(chunks) } },
  );
  expect((await invoke(fn, { a: 1 })).value).toEqual({ custom: { a: 1 } });
});

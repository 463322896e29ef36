import { createHash } from 'node:crypto';
import { systemClock } from '#runtime';
import type { FunctionAddress } from './address.js';
import { toLambdaWeight, toWeightPercent } from './alias.js';
import { createLambdaControl, type LambdaControl } from './lambda-control.js';
import { ScriptedLambda } from './scripted-lambda.js';

const fn: FunctionAddress = { accountId: '000000000000', region: 'us-east-1', functionName: 'checkout' };
const call = { timeoutMs: 2_000 };
const arn = 'arn:aws:lambda:us-east-1:000000000000:function:checkout';
const aliasAnswer = {
  AliasArn: `${arn}:live`,
  Name: 'live',
  FunctionVersion: '1',
  RevisionId: 'r2',
  Description: 'prod',
};
const functionAnswer = {
  FunctionArn: arn,
  FunctionName: 'checkout',
  Version: '$LATEST',
  RevisionId: 'r9',
  CodeSha256: 'abc=',
};

let lambda: ScriptedLambda;
let control: LambdaControl;

beforeEach(async () => {
  lambda = await ScriptedLambda.start();
  const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
  control = createLambdaControl({ endpoint: lambda.endpoint, credentials });
});

afterEach(async () => {
  control.close();
  await lambda.close();
});

const shift = () =>
  control.updateAlias(
    fn,
    'live',
    { version: '1', canary: { version: '2', weightPercent: 0.7 } },
    { revisionId: 'r1' },
    call,
  );

describe('an alias', () => {
  it('is written with its fence and an exact share', async () => {
    lambda.says(200, { ...aliasAnswer, RoutingConfig: { AdditionalVersionWeights: { 2: 0.007 } } });
    const outcome = await shift();
    expect(lambda.lastBody()).toEqual({
      FunctionVersion: '1',
      RoutingConfig: { AdditionalVersionWeights: { 2: 0.007 } },
      RevisionId: 'r1',
    });
    expect(outcome).toEqual({
      ok: true,
      value: {
        version: '1',
        canary: { version: '2', weightPercent: 0.7 },
        revisionId: 'r2',
        description: 'prod',
        additional: 1,
      },
    });
  });

  it('is promoted and restored with an explicitly empty routing configuration', async () => {
    lambda.says(200, aliasAnswer);
    await control.updateAlias(fn, 'live', { version: '1' }, { revisionId: 'r1', description: 'put back' }, call);
    expect(lambda.lastBody()).toMatchObject({
      RoutingConfig: { AdditionalVersionWeights: {} },
      Description: 'put back',
    });
  });

  it('keeps every weight of three decimals on the way to Lambda and back', () => {
    const lost: string[] = [];
    for (let thousandths = 0; thousandths <= 100_000; thousandths++) {
      const percent = Number(`${Math.floor(thousandths / 1000)}.${String(thousandths % 1000).padStart(3, '0')}`);
      const share = toLambdaWeight(percent);
      if (String(share).length > 7 || toWeightPercent(share) !== percent) lost.push(`${percent} → ${share}`);
    }
    expect(lost).toEqual([]);
  });

  it('is not believed when it lives in another account: writes would go there', async () => {
    const told: unknown[] = [];
    const credentials = { accessKeyId: 'key', secretAccessKey: 'secret' };
    const watched = createLambdaControl({ endpoint: lambda.endpoint, credentials, onCall: (made) => told.push(made) });
    lambda.says(200, { ...aliasAnswer, AliasArn: 'arn:aws:lambda:us-east-1:111111111111:function:checkout:live' });
    const fault = { code: 'wrong_account', retry: 'never' };
    expect(await watched.getAlias(fn, 'live', call)).toMatchObject({ ok: false, fault });
    // The call went well; that its answer is of no use is told beside it, and not as a second call.
    expect(told).toEqual([
      { operation: 'GetAlias', seconds: expect.any(Number) },
      { operation: 'GetAlias', seconds: 0, fault: expect.objectContaining(fault), answered: true },
    ]);
    watched.close();
  });
});

describe('answers that are refusals', () => {
  it.each([
    [412, 'PreconditionFailedException', 'precondition_failed', 'never'],
    [409, 'ResourceConflictException', 'update_in_progress', 'again'],
    [404, 'ResourceNotFoundException', 'not_found', 'never'],
    [429, 'TooManyRequestsException', 'throttled', 'again'],
    [403, 'AccessDeniedException', 'access_denied', 'never'],
    [403, 'ExpiredTokenException', 'credentials_expired', 'again'],
    [403, 'UnrecognizedClientException', 'credentials_unusable', 'never'],
    [403, 'InvalidSignatureException', 'credentials_unusable', 'never'],
    [400, 'InvalidParameterValueException', 'invalid_request', 'never'],
    [413, 'RequestEntityTooLargeException', 'code_too_large', 'never'],
    [400, 'CodeStorageExceededException', 'code_storage_full', 'never'],
    [400, 'CodeVerificationFailedException', 'code_signature_refused', 'never'],
    [418, 'SomethingNewException', 'invalid_request', 'never'],
  ])('%i %s is %s, to be tried %s', async (status, name, code, retry) => {
    lambda.refuses(status, name, 'No.');
    expect(await shift()).toMatchObject({
      ok: false,
      fault: { code, retry, cause: { name, httpStatus: status, requestId: 'request-1' } },
    });
    expect(lambda.seen).toHaveLength(1);
  });

  it('from a skewed clock heal by themselves, because the SDK has learnt the time', async () => {
    lambda.refuses(
      403,
      'InvalidSignatureException',
      'Signature not yet current: 20261122T120000Z is still later than …',
    );
    expect(await shift()).toMatchObject({ fault: { code: 'credentials_expired', retry: 'again' } });
  });

  it('say how long to wait when AWS does', async () => {
    lambda.refuses(429, 'TooManyRequestsException', 'Rate exceeded', { 'retry-after': '2' });
    expect(await shift()).toMatchObject({ fault: { code: 'throttled', retryAfterMs: 2_000 } });
  });

  it('with a 5xx leave the outcome of a write open, and a read is simply read again', async () => {
    lambda.refuses(500, 'ServiceException', 'Internal');
    expect(await shift()).toMatchObject({ fault: { code: 'service_error', retry: 'unknown' } });
    expect(await control.getAlias(fn, 'live', call)).toMatchObject({
      fault: { code: 'service_error', retry: 'again' },
    });
    expect(lambda.seen).toHaveLength(2);
  });

  it('never carry the values of a request into any text', async () => {
    const secret = 'hunter2-hunter2';
    const echo = `1 validation error detected: Value '{DB=${secret}, quote='x'}' at 'environment' failed to satisfy constraint; ${secret}`;
    for (const message of [
      echo,
      `Lambda was unable to configure your environment variables. String measured: {"DB":"${secret}"}`,
    ]) {
      lambda.refuses(400, 'ValidationException', message);
      const outcome = await control.updateFunctionConfiguration(
        fn,
        { environment: { DB: secret } },
        { revisionId: 'r1' },
        call,
      );
      expect(outcome).toMatchObject({ ok: false, fault: { code: 'invalid_request' } });
      expect(JSON.stringify(outcome)).not.toContain(secret);
    }
  });
});

describe('answers that do not come', () => {
  it('leave a write unknown and let a read be repeated: the connection is reset', async () => {
    lambda.answer((_request, response) => response.socket?.destroy());
    expect(await shift()).toMatchObject({ fault: { code: 'unknown_outcome', retry: 'unknown' } });
    expect(await control.getAlias(fn, 'live', call)).toMatchObject({ fault: { code: 'network', retry: 'again' } });
    expect(lambda.seen).toHaveLength(2);
  });

  it('leave a write unknown and let a read be repeated: the deadline passes', async () => {
    lambda.answer(() => undefined);
    const update = control.updateAlias(fn, 'live', { version: '1' }, { revisionId: 'r1' }, { timeoutMs: 60 });
    expect(await update).toMatchObject({ fault: { code: 'unknown_outcome', retry: 'unknown' } });
    expect(await control.getAlias(fn, 'live', { timeoutMs: 60 })).toMatchObject({
      fault: { code: 'timed_out', retry: 'again' },
    });
  });

  it('leave a write unknown: a proxy answers 200 with a page', async () => {
    lambda.answer((_request, response) => response.end('<html>Welcome</html>'));
    expect(await shift()).toMatchObject({ fault: { retry: 'unknown' } });
    expect(await control.getAlias(fn, 'live', call)).toMatchObject({ fault: { retry: 'again' } });
  });

  it('leave a write unknown: the answer breaks off in the middle', async () => {
    lambda.answer((_request, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"AliasArn":');
      setImmediate(() => response.socket?.destroy());
    });
    expect(await shift()).toMatchObject({ fault: { retry: 'unknown' } });
  });

  it('let a write be repeated when nothing can have arrived: the connection is refused', async () => {
    const endpoint = lambda.endpoint;
    await lambda.close();
    const unreachable = createLambdaControl({
      endpoint,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    });
    const outcome = await unreachable.updateAlias(fn, 'live', { version: '1' }, { revisionId: 'r1' }, call);
    expect(outcome).toMatchObject({ fault: { code: 'network', retry: 'again' } });
    unreachable.close();
  });

  it('let a write be repeated when nothing can have been sent: credentials take longer than the deadline', async () => {
    const slow = createLambdaControl({ endpoint: lambda.endpoint, credentials: () => new Promise(() => undefined) });
    const outcome = await slow.updateAlias(fn, 'live', { version: '1' }, { revisionId: 'r1' }, { timeoutMs: 50 });
    expect(outcome).toMatchObject({ fault: { code: 'timed_out', retry: 'again' } });
    expect(lambda.seen).toHaveLength(0);
    slow.close();
  });

  it('let a write be repeated when nothing was sent: the process stood still until the deadline had passed', async () => {
    let stoodStillMs = 0;
    const clock = { ...systemClock, monotonic: () => systemClock.monotonic() + stoodStillMs };
    const frozen = createLambdaControl({
      endpoint: lambda.endpoint,
      clock,
      credentials: async () => {
        stoodStillMs = call.timeoutMs;
        return { accessKeyId: 'key', secretAccessKey: 'secret' };
      },
    });
    const outcome = await frozen.updateAlias(fn, 'live', { version: '1' }, { revisionId: 'r1' }, call);
    expect(outcome).toMatchObject({ fault: { code: 'timed_out', retry: 'again' } });
    expect(lambda.seen).toHaveLength(0);
    frozen.close();
  });

  it('let a write be repeated when its caller gave up before it left, and not when after', async () => {
    const before = await control.updateAlias(
      fn,
      'live',
      { version: '1' },
      { revisionId: 'r1' },
      { ...call, signal: AbortSignal.abort() },
    );
    expect(before).toMatchObject({ fault: { code: 'cancelled', retry: 'again' } });
    expect(lambda.seen).toHaveLength(0);
    const giveUp = new AbortController();
    lambda.answer(() => giveUp.abort());
    const after = await control.updateAlias(
      fn,
      'live',
      { version: '1' },
      { revisionId: 'r1' },
      { ...call, signal: giveUp.signal },
    );
    expect(after).toMatchObject({ fault: { code: 'unknown_outcome', retry: 'unknown' } });
  });
});

describe('a function', () => {
  it('is read the same twice, whatever Lambda leaves out', async () => {
    lambda.says(200, { Configuration: functionAnswer, Code: {} });
    const bare = await control.getFunction(fn, '$LATEST', call);
    const spelledOut = {
      ...functionAnswer,
      MemorySize: 128,
      Timeout: 3,
      Environment: { Variables: {} },
      VpcConfig: { SubnetIds: [], SecurityGroupIds: [], VpcId: '' },
      TracingConfig: { Mode: 'PassThrough' },
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/checkout' },
      EphemeralStorage: { Size: 512 },
      Layers: [],
    };
    lambda.says(200, { Configuration: spelledOut, Code: {} });
    const full = await control.getFunction(fn, '$LATEST', call);
    expect(bare.ok && full.ok && full.value.configuration).toEqual(bare.ok && bare.value.configuration);
  });

  it('whose environment cannot be decrypted is a fault: sending it back would wipe it', async () => {
    const Environment = { Error: { ErrorCode: 'AccessDeniedException', Message: 'kms' } };
    lambda.says(200, { Configuration: { ...functionAnswer, Environment } });
    expect(await control.getFunction(fn, '3', call)).toMatchObject({
      fault: { code: 'environment_unreadable', retry: 'never' },
    });
  });

  it('gets new code with its fence, published or dry', async () => {
    lambda.says(200, functionAnswer);
    const bytes = new TextEncoder().encode('zip');
    await control.updateFunctionCode(fn, { kind: 'zip', bytes }, { revisionId: 'r8' }, { publish: true }, call);
    expect(lambda.lastBody()).toEqual({ ZipFile: 'emlw', Publish: true, RevisionId: 'r8' });
    const source = { kind: 's3', bucket: 'b', key: 'k', versionId: 'v' } as const;
    await control.updateFunctionCode(fn, source, { revisionId: 'r8' }, { publish: false, dryRun: true }, call);
    expect(lambda.lastBody()).toMatchObject({ S3Bucket: 'b', S3Key: 'k', S3ObjectVersion: 'v', DryRun: true });
  });

  it('is not sent a package that Lambda cannot take', async () => {
    const bytes = new Uint8Array(50 * 1024 * 1024 + 1);
    const outcome = await control.updateFunctionCode(
      fn,
      { kind: 'zip', bytes },
      { revisionId: 'r8' },
      { publish: true },
      call,
    );
    expect(outcome).toMatchObject({ fault: { code: 'code_too_large', retry: 'never' } });
    expect(lambda.seen).toHaveLength(0);
  });

  it('is configured member by member, and null clears', async () => {
    lambda.says(200, functionAnswer);
    await control.updateFunctionConfiguration(
      fn,
      { memorySize: 256, vpc: null, layers: [], kmsKeyArn: null },
      { revisionId: 'r8' },
      call,
    );
    expect(lambda.lastBody()).toEqual({
      MemorySize: 256,
      VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
      Layers: [],
      KMSKeyArn: '',
      RevisionId: 'r8',
    });
  });

  it('is published only as the code that was seen', async () => {
    lambda.says(201, { ...functionAnswer, Version: '7' });
    const outcome = await control.publishVersion(fn, { revisionId: 'r9', codeSha256: 'abc=' }, 'deployment x', call);
    expect(lambda.lastBody()).toEqual({ RevisionId: 'r9', CodeSha256: 'abc=', Description: 'deployment x' });
    expect(outcome).toMatchObject({ ok: true, value: { version: '7' } });
  });

  it('lists its versions over all pages, in order, without $LATEST', async () => {
    lambda.answer((request, response) => {
      const second = request.url.includes('Marker=next');
      const versions = second ? ['9'] : ['$LATEST', '10', '2'];
      const Versions = versions.map((Version) => ({ ...functionAnswer, Version }));
      response.end(JSON.stringify({ Versions, ...(second ? {} : { NextMarker: 'next' }) }));
    });
    const outcome = await control.listVersions(fn, call);
    expect(outcome.ok && outcome.value.map(({ version, state }) => [version, state])).toEqual([
      ['2', 'Unknown'],
      ['9', 'Unknown'],
      ['10', 'Unknown'],
    ]);
  });

  it('asks before every further page of versions, and ends the listing on a no', async () => {
    const pages = ['2', '3', '4'];
    lambda.answer(({ url }, response) => {
      const nth = Number(new URL(url, 'http://localhost').searchParams.get('Marker') ?? 0);
      const Versions = [{ ...functionAnswer, Version: pages[nth] }];
      response.end(JSON.stringify({ Versions, ...(nth < 2 ? { NextMarker: String(nth + 1) } : {}) }));
    });
    const before = lambda.seen.length;
    const asked: number[] = [];
    const granting = async () => asked.push(lambda.seen.length - before) > 0;
    expect(await control.listVersions(fn, call, granting)).toMatchObject({ ok: true });
    expect(asked).toEqual([1, 2]);
    const refused = await control.listVersions(fn, call, async () => false);
    expect(refused).toMatchObject({ fault: { code: 'throttled', retry: 'again' } });
    expect(lambda.seen.length - before).toBe(4);
  });

  it('gives its code back, checked against its CodeSha256', async () => {
    const codeSha256 = createHash('sha256').update('the zip').digest('base64');
    const Code = { Location: `${lambda.endpoint}/code?signature=s3cret` };
    lambda.says(200, { Configuration: { ...functionAnswer, CodeSha256: codeSha256 }, Code });
    const reading = await control.getFunction(fn, '1', call);
    if (!reading.ok) throw new Error(reading.fault.internal);
    lambda.answer((_request, response) => response.end('the zip'));
    const code = await control.downloadCode(reading.value, call);
    expect(code.ok && Buffer.from(code.value).toString()).toBe('the zip');
    lambda.answer((_request, response) => response.end('another zip'));
    expect(await control.downloadCode(reading.value, call)).toMatchObject({ fault: { code: 'code_mismatch' } });
    lambda.answer((_request, response) => response.socket?.destroy());
    const broken = await control.downloadCode(reading.value, call);
    expect(broken).toMatchObject({ fault: { code: 'network', retry: 'again' } });
    expect(JSON.stringify(broken)).not.toContain('s3cret');
  });
});

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CreateFunctionCommand,
  type FunctionCode,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { packageNumber } from '../../../test/conformance/package-zip.js';
import { untilSettled } from '../../../test/conformance/two-versions.js';
import { type Emulator, startEmulator } from '../start.js';

let bucket: Server;
let asked: IncomingMessage[] = [];
let emulator: Emulator;
let lambda: LambdaClient;

/** A bucket with one object, which answers anything else as S3 does. */
beforeAll(async () => {
  const bytes = await packageNumber(7);
  bucket = createServer((request, response) => {
    asked.push(request);
    if (request.url?.startsWith('/code/folder/app%20one.zip')) response.end(bytes);
    else
      response
        .writeHead(404)
        .end('<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>');
  });
  await new Promise<void>((done) => bucket.listen(0, '127.0.0.1', done));
  const endpoint = `http://127.0.0.1:${(bucket.address() as AddressInfo).port}`;
  const s3 = { endpoint, region: 'us-east-1', accessKeyId: 'reader', secretAccessKey: 'secret' };
  emulator = await startEmulator({ port: 0, settleMs: 10, s3 });
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  lambda = new LambdaClient({ endpoint: emulator.url, region: 'us-east-1', credentials, maxAttempts: 1 });
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  lambda.destroy();
  await emulator.close();
  await new Promise((done) => bucket.close(done));
});

const common = { Runtime: 'nodejs20.x', Handler: 'index.handler', Role: 'arn:aws:iam::000000000000:role/r' } as const;
const create = (FunctionName: string, Code: FunctionCode) =>
  lambda.send(new CreateFunctionCommand({ FunctionName, ...common, Code }));

test('code named by bucket, key and object version is fetched, signed, and runs', async () => {
  await create('from-s3', { S3Bucket: 'code', S3Key: 'folder/app one.zip', S3ObjectVersion: 'v1' });
  expect(asked[0]?.url).toBe('/code/folder/app%20one.zip?versionId=v1');
  expect(asked[0]?.headers.authorization).toContain('Credential=reader/');
  await untilSettled(lambda, 'from-s3');
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: 'from-s3' }));
  expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toMatchObject({ package: '7' });
});

test('what the bucket refuses is passed on in words of the service', async () => {
  await expect(create('absent', { S3Bucket: 'code', S3Key: 'nothing.zip' })).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message:
      'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
  });
});

test('an image function is accepted and described, and not run', async () => {
  const ImageUri = '000000000000.dkr.ecr.us-east-1.amazonaws.com/app:v1';
  const { Runtime: _runtime, Handler: _handler, ...rest } = common;
  const made = await lambda.send(
    new CreateFunctionCommand({ FunctionName: 'image', PackageType: 'Image', ...rest, Code: { ImageUri } }),
  );
  expect(made).toMatchObject({ PackageType: 'Image', CodeSize: 0 });
  await untilSettled(lambda, 'image');
  const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName: 'image' }));
  expect(Code).toMatchObject({ RepositoryType: 'ECR', ImageUri });
  expect(Code?.ResolvedImageUri).toMatch(
    /^000000000000\.dkr\.ecr\.us-east-1\.amazonaws\.com\/app@sha256:[0-9a-f]{64}$/,
  );
  await expect(lambda.send(new InvokeCommand({ FunctionName: 'image' }))).rejects.toThrow('does not run them');
  const ZipFile = await packageNumber(1);
  await expect(lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'image', ZipFile }))).rejects.toThrow(
    "Please don't provide ZipFile when updating a function with packageType Image.",
  );
});

test('the link to a package serves its bytes, and only with its signature', async () => {
  await create('linked', { ZipFile: await packageNumber(3) });
  const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName: 'linked' }));
  const location = Code?.Location ?? '';
  expect(Buffer.from(await (await fetch(location)).arrayBuffer())).toEqual(await packageNumber(3));
  expect((await fetch(location.replace(/signature=.{4}/, 'signature=0000'))).status).toBe(403);
});

import { ANYTHING, accepts, type Case, refusal, refuses, settles, success } from '../table.js';

const fn = { FunctionName: '{fn}' };
const invalid = 'InvalidParameterValueException';
const malformed = 'ValidationException';
const gone = 'ResourceNotFoundException';
const create = {
  ...fn,
  Runtime: 'nodejs20.x',
  Handler: 'index.handler',
  Role: '{role}',
  Code: { ZipFile: '{zip:1}' },
};
const { Runtime: _runtime, ...withoutRuntime } = create;
const refuseCreate = (title: string, change: Record<string, unknown>, error: [string, number, string?]) =>
  refusal('CreateFunction', title, 'nothing', { ...create, ...change }, error);

export const functionCases: Case[] = [
  success(
    'CreateFunction',
    'a new function starts Pending, with the documented defaults, and becomes Active',
    'nothing',
    [
      accepts(
        'CreateFunction',
        create,
        {
          FunctionName: '{fn}',
          FunctionArn: '{arn}',
          Version: '$LATEST',
          State: 'Pending',
          StateReasonCode: 'Creating',
          Timeout: 3,
          MemorySize: 128,
          PackageType: 'Zip',
          Architectures: ['x86_64'],
          'EphemeralStorage.Size': 512,
          'TracingConfig.Mode': 'PassThrough',
          'LoggingConfig.LogFormat': 'Text',
          'LoggingConfig.LogGroup': '/aws/lambda/{fn}',
          'SnapStart.ApplyOn': 'None',
          Description: '',
        },
        { status: 201, lacks: ['LastUpdateStatus', 'Environment', 'VpcConfig'], keep: { first: 'RevisionId' } },
      ),
      settles('GetFunctionConfiguration', fn, { State: 'Active', LastUpdateStatus: 'Successful' }),
      accepts(
        'GetFunctionConfiguration',
        fn,
        {},
        { differs: { RevisionId: 'first' }, lacks: ['StateReason', 'StateReasonCode'] },
      ),
    ],
  ),
  success('CreateFunction', 'publishing at once makes version 1', 'nothing', [
    accepts('CreateFunction', { ...create, Publish: true }, { Version: '1' }),
    settles('GetFunctionConfiguration', { ...fn, Qualifier: '1' }, { State: 'Active', FunctionArn: '{arn}:1' }),
  ]),
  success('CreateFunction', 'everything that was configured is shown', 'nothing', [
    accepts(
      'CreateFunction',
      {
        ...create,
        Timeout: 7,
        MemorySize: 256,
        Description: 'words',
        Environment: { Variables: { KEY1: 'value' } },
        Tags: { team: 'a' },
      },
      { Timeout: 7, MemorySize: 256, Description: 'words', 'Environment.Variables.KEY1': 'value' },
    ),
    accepts('GetFunction', fn, { 'Tags.team': 'a' }),
  ]),
  refusal('CreateFunction', 'a name that exists', 'function', create, [
    'ResourceConflictException',
    409,
    'Function already exist: {fn}',
  ]),
  refuseCreate('a role that is no role ARN', { Role: 'r1' }, [
    malformed,
    400,
    "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern",
  ]),
  refuseCreate('an unknown runtime', { Runtime: 'cobol85' }, [
    invalid,
    400,
    "Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [",
  ]),
  refuseCreate('a retired runtime', { Runtime: 'python2.7' }, [
    invalid,
    400,
    'The runtime parameter of python2.7 is no longer supported for creating or updating AWS Lambda functions.',
  ]),
  refusal('CreateFunction', 'a package without runtime', 'nothing', withoutRuntime, [
    invalid,
    400,
    'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
  ]),
  refuseCreate('bytes that are no zip', { Code: { ZipFile: Buffer.from('not a zip') } }, [
    invalid,
    400,
    'Could not unzip uploaded file. Please check your file, then try to upload again.',
  ]),
  refuseCreate('two architectures', { Architectures: ['x86_64', 'arm64'] }, [
    malformed,
    400,
    "Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1",
  ]),
  refuseCreate('an unknown architecture', { Architectures: ['riscv'] }, [
    malformed,
    400,
    "Value '[riscv]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
  ]),
  refuseCreate('too little memory', { MemorySize: 64 }, [
    malformed,
    400,
    "Value '64' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
  ]),
  refuseCreate('no time at all', { Timeout: 0 }, [
    malformed,
    400,
    "Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ]),
  refuseCreate('a name with forbidden characters', { FunctionName: 'not*valid' }, [
    malformed,
    400,
    "Value 'not*valid' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern",
  ]),
  refuseCreate('a name of 65 characters', { FunctionName: 'n'.repeat(65) }, [
    malformed,
    400,
    "at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64",
  ]),
  refuseCreate('reserved environment variables', { Environment: { Variables: { AWS_REGION: 'x' } } }, [
    invalid,
    400,
    'Reserved keys used in this request: AWS_REGION',
  ]),
  refuseCreate('more than 4 KB of environment variables', { Environment: { Variables: { BIG: 'x'.repeat(4100) } } }, [
    invalid,
    400,
    'exceeded the 4KB limit',
  ]),
  refuseCreate('an environment variable name with a dash', { Environment: { Variables: { 'A-B': 'x' } } }, [
    malformed,
    400,
    "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint",
  ]),
  refuseCreate('51 tags', { Tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, 'v'])) }, [
    invalid,
    400,
    'Number of tags exceeds resource tag limit.',
  ]),
  refuseCreate('an image as a package', { Code: { ImageUri: 'a/b:c' } }, [
    invalid,
    400,
    "Please don't provide ImageUri when creating a function with packageType Zip.",
  ]),

  success('GetFunction', 'code and configuration of $LATEST, a version and an alias', 'alias', [
    accepts(
      'GetFunction',
      fn,
      {
        'Configuration.Version': '$LATEST',
        'Configuration.FunctionArn': '{arn}',
        'Code.RepositoryType': 'S3',
        'Code.Location': ANYTHING,
      },
      { status: 200, lacks: ['Tags', 'Concurrency'] },
    ),
    accepts(
      'GetFunction',
      { ...fn, Qualifier: '1' },
      { 'Configuration.Version': '1', 'Configuration.FunctionArn': '{arn}:1' },
    ),
    accepts(
      'GetFunction',
      { ...fn, Qualifier: 'live' },
      { 'Configuration.Version': '1', 'Configuration.FunctionArn': '{arn}:live' },
    ),
  ]),
  success('GetFunction', 'name, partial ARN, full ARN and qualified ARN mean the same function', 'version', [
    accepts('GetFunction', { FunctionName: '{account}:function:{fn}' }, { 'Configuration.FunctionArn': '{arn}' }),
    accepts('GetFunction', { FunctionName: '{arn}' }, { 'Configuration.FunctionArn': '{arn}' }),
    accepts('GetFunction', { FunctionName: '{arn}:1' }, { 'Configuration.Version': '1' }),
    accepts('GetFunction', { FunctionName: '{fn}:1' }, { 'Configuration.Version': '1' }),
  ]),
  refusal('GetFunction', 'an unknown function', 'nothing', fn, [gone, 404, 'Function not found: {arn}']),
  refusal('GetFunction', 'an unknown qualifier', 'function', { ...fn, Qualifier: 'nope' }, [
    gone,
    404,
    'Function not found: {arn}:nope',
  ]),
  refusal('GetFunction', 'contradicting qualifiers', 'version', { FunctionName: '{arn}:1', Qualifier: '$LATEST' }, [
    invalid,
    400,
    'The derived qualifier from the function name does not match the specified qualifier.',
  ]),
  refusal(
    'GetFunction',
    "another region's ARN",
    'nothing',
    { FunctionName: 'arn:aws:lambda:ap-south-2:{account}:function:{fn}' },
    [gone, 404, "Functions from 'ap-south-2' are not reachable in this region ('{region}')"],
  ),
  refusal(
    'GetFunction',
    'an ARN of another service',
    'nothing',
    { FunctionName: 'arn:aws:ec2:{region}:{account}:instance:i-1' },
    [malformed, 400, "at 'functionName'"],
  ),
  refusal('GetFunction', 'a malformed qualifier', 'function', { ...fn, Qualifier: 'no!' }, [
    malformed,
    400,
    "Value 'no!' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: \\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+",
  ]),

  success('GetFunctionConfiguration', 'the configuration alone, by qualifier', 'version', [
    accepts(
      'GetFunctionConfiguration',
      { ...fn, Qualifier: '1' },
      { Version: '1', FunctionArn: '{arn}:1', State: 'Active', CodeSha256: '{sha}' },
      { status: 200 },
    ),
    accepts('GetFunctionConfiguration', { ...fn, Qualifier: '$LATEST' }, { FunctionArn: '{arn}:$LATEST' }),
  ]),
  refusal('GetFunctionConfiguration', 'an unknown function', 'nothing', fn, [gone, 404, 'Function not found: {arn}']),
  refusal('GetFunctionConfiguration', 'an unknown version', 'function', { ...fn, Qualifier: '7' }, [
    gone,
    404,
    'Function not found: {arn}:7',
  ]),

  {
    ...success('ListFunctions', 'functions are listed without their state', 'function', [
      accepts(
        'ListFunctions',
        {},
        { 'Functions.length': 1, 'Functions.0.FunctionArn': '{arn}' },
        { status: 200, lacks: ['Functions.0.State', 'Functions.0.LastUpdateStatus'] },
      ),
    ]),
    ownEndpointOnly: true,
  },
  {
    ...success('ListFunctions', 'ALL lists every version under its own ARN', 'version', [
      accepts(
        'ListFunctions',
        { FunctionVersion: 'ALL' },
        { 'Functions.length': 2, 'Functions.0.FunctionArn': '{arn}:$LATEST', 'Functions.1.FunctionArn': '{arn}:1' },
      ),
    ]),
    ownEndpointOnly: true,
  },
  {
    operation: 'ListFunctions',
    title: 'one page follows the other',
    kind: 'paging',
    given: 'two versions',
    ownEndpointOnly: true,
    steps: [
      accepts(
        'ListFunctions',
        { FunctionVersion: 'ALL', MaxItems: 2 },
        { 'Functions.length': 2, NextMarker: ANYTHING },
        { keep: { marker: 'NextMarker' } },
      ),
      accepts(
        'ListFunctions',
        { FunctionVersion: 'ALL', MaxItems: 2, Marker: '{marker}' },
        { 'Functions.length': 1, 'Functions.0.Version': '2' },
        { lacks: ['NextMarker'] },
      ),
    ],
  },
  refusal('ListFunctions', 'a page of 10,001', 'nothing', { MaxItems: 10001 }, [
    malformed,
    400,
    "Value '10001' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 10000",
  ]),

  success('DeleteFunction', 'a function goes with all its versions and aliases', 'alias', [
    accepts('DeleteFunction', fn, {}, { status: 204 }),
    refuses('GetFunction', fn, gone, 404),
    refuses('GetFunction', { ...fn, Qualifier: '1' }, gone, 404),
  ]),
  success('DeleteFunction', 'one version goes alone, and again without an error', 'two versions', [
    accepts('DeleteFunction', { ...fn, Qualifier: '1' }, {}, { status: 204 }),
    refuses('GetFunction', { ...fn, Qualifier: '1' }, gone, 404),
    accepts('GetFunction', { ...fn, Qualifier: '2' }),
    accepts('DeleteFunction', { ...fn, Qualifier: '1' }, {}, { status: 204 }),
  ]),
  refusal('DeleteFunction', 'a version that an alias points to', 'alias', { ...fn, Qualifier: '1' }, [
    'ResourceConflictException',
    409,
    'because the following aliases reference it: [live]',
  ]),
  refusal('DeleteFunction', 'a version that has weight', 'weighted alias', { ...fn, Qualifier: '2' }, [
    'ResourceConflictException',
    409,
    'because the following aliases reference it: [live]',
  ]),
  refusal('DeleteFunction', '$LATEST alone', 'function', { ...fn, Qualifier: '$LATEST' }, [
    invalid,
    400,
    '$LATEST version cannot be deleted without deleting the function.',
  ]),
  refusal('DeleteFunction', 'an unknown function', 'nothing', fn, [gone, 404, 'Function not found: {arn}']),
];

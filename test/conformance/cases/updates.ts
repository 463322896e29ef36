import { ANYTHING, accepts, type Case, refusal, refuses, settles, success } from '../table.js';

const fn = { FunctionName: '{fn}' };
const code = { ...fn, ZipFile: '{zip:new}' };
const invalid = 'InvalidParameterValueException';
const gone = 'ResourceNotFoundException';
const stale = [
  'PreconditionFailedException',
  412,
  'Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
] as [string, number, string];
const settled = settles('GetFunctionConfiguration', fn, { State: 'Active', LastUpdateStatus: 'Successful' });

export const updateCases: Case[] = [
  success(
    'UpdateFunctionCode',
    'an update shows its code at once and settles from InProgress to Successful',
    'function',
    [
      accepts(
        'UpdateFunctionCode',
        code,
        {
          LastUpdateStatus: 'InProgress',
          LastUpdateStatusReasonCode: 'Creating',
          State: 'Active',
          Version: '$LATEST',
          FunctionArn: '{arn}',
        },
        {
          status: 200,
          differs: { CodeSha256: 'sha', RevisionId: 'latestRevision' },
          keep: { updateRevision: 'RevisionId', newSha: 'CodeSha256' },
        },
      ),
      settles('GetFunctionConfiguration', fn, { LastUpdateStatus: 'Successful', CodeSha256: '{newSha}' }),
      accepts('GetFunctionConfiguration', fn, {}, { lacks: ['LastUpdateStatusReason'] }),
    ],
  ),
  success('UpdateFunctionCode', 'the RevisionId changes again by itself when the update settles', 'function', [
    accepts('UpdateFunctionCode', code, {}, { keep: { updateRevision: 'RevisionId' } }),
    settled,
    accepts('GetFunctionConfiguration', fn, {}, { differs: { RevisionId: 'updateRevision' } }),
    refuses('PublishVersion', { ...fn, RevisionId: '{updateRevision}' }, ...stale),
  ]),
  success('UpdateFunctionCode', 'a dry run computes the hash and changes nothing', 'function', [
    accepts(
      'UpdateFunctionCode',
      { ...code, DryRun: true },
      { CodeSha256: ANYTHING },
      { differs: { CodeSha256: 'sha' } },
    ),
    accepts('GetFunctionConfiguration', fn, {
      CodeSha256: '{sha}',
      LastUpdateStatus: 'Successful',
      RevisionId: '{latestRevision}',
    }),
  ]),
  success('UpdateFunctionCode', 'updating and publishing are one call', 'version', [
    accepts(
      'UpdateFunctionCode',
      { ...code, Publish: true, RevisionId: '{latestRevision}' },
      { Version: '2', FunctionArn: '{arn}:2' },
    ),
    settles('GetFunctionConfiguration', { ...fn, Qualifier: '2' }, { State: 'Active' }),
    settled,
  ]),
  success('UpdateFunctionCode', 'publishing identical code answers with the version that has it', 'version', [
    accepts('UpdateFunctionCode', { ...fn, ZipFile: '{zip:1}', Publish: true }, { Version: '1' }),
  ]),
  refusal('UpdateFunctionCode', 'a stale RevisionId', 'function', { ...code, RevisionId: 'stale' }, stale),
  {
    operation: 'UpdateFunctionCode',
    title: 'a second update while the first is under way',
    kind: 'refusal',
    given: 'function',
    steps: [
      accepts('UpdateFunctionCode', code),
      refuses(
        'UpdateFunctionCode',
        { ...fn, ZipFile: '{zip:3}' },
        'ResourceConflictException',
        409,
        'The operation cannot be performed at this time. An update is in progress for resource: {arn}',
      ),
      settled,
    ],
  },
  refusal('UpdateFunctionCode', 'no code at all', 'function', fn, [
    invalid,
    400,
    'Please provide a source for function code.',
  ]),
  refusal('UpdateFunctionCode', 'bytes that are no zip', 'function', { ...fn, ZipFile: Buffer.from('nothing') }, [
    invalid,
    400,
    'Could not unzip uploaded file.',
  ]),
  refusal('UpdateFunctionCode', 'an unknown function', 'nothing', code, [gone, 404, 'Function not found: {arn}']),
  refusal('UpdateFunctionCode', 'an image for a function of packages', 'function', { ...fn, ImageUri: 'a/b:c' }, [
    invalid,
    400,
    "Please don't provide ImageUri when updating a function with packageType Zip.",
  ]),

  success('UpdateFunctionConfiguration', 'what is named changes, the rest stays', 'function', [
    accepts(
      'UpdateFunctionConfiguration',
      { ...fn, Timeout: 9, Environment: { Variables: { ONE: '1' } } },
      {
        Timeout: 9,
        MemorySize: 128,
        'Environment.Variables.ONE': '1',
        LastUpdateStatus: 'InProgress',
        CodeSha256: '{sha}',
      },
      { status: 200, differs: { RevisionId: 'latestRevision' } },
    ),
    settled,
  ]),
  success('UpdateFunctionConfiguration', 'JSON logs bring their default levels', 'function', [
    accepts(
      'UpdateFunctionConfiguration',
      { ...fn, LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'DEBUG' } },
      {
        'LoggingConfig.LogFormat': 'JSON',
        'LoggingConfig.ApplicationLogLevel': 'INFO',
        'LoggingConfig.SystemLogLevel': 'DEBUG',
      },
    ),
  ]),
  refusal(
    'UpdateFunctionConfiguration',
    'a stale RevisionId',
    'function',
    { ...fn, Timeout: 4, RevisionId: 'stale' },
    stale,
  ),
  {
    operation: 'UpdateFunctionConfiguration',
    title: 'an update while another is under way',
    kind: 'refusal',
    given: 'function',
    steps: [
      accepts('UpdateFunctionConfiguration', { ...fn, Timeout: 4 }),
      refuses(
        'UpdateFunctionConfiguration',
        { ...fn, Timeout: 5 },
        'ResourceConflictException',
        409,
        'An update is in progress for resource: {arn}',
      ),
      refuses('PublishVersion', fn, 'ResourceConflictException', 409, 'An update is in progress for resource: {arn}'),
      settled,
    ],
  },
  refusal('UpdateFunctionConfiguration', 'an unknown runtime', 'function', { ...fn, Runtime: 'nodejs' }, [
    invalid,
    400,
  ]),
  refusal('UpdateFunctionConfiguration', 'a malformed role', 'function', { ...fn, Role: 'r1' }, [
    'ValidationException',
    400,
    "Value 'r1' at 'role'",
  ]),
  refusal(
    'UpdateFunctionConfiguration',
    'two versions of one layer',
    'function',
    { ...fn, Layers: ['arn:aws:lambda:{region}:{account}:layer:l:1', 'arn:aws:lambda:{region}:{account}:layer:l:2'] },
    [invalid, 400, 'Two different versions of the same layer are not allowed to be referenced in the same function.'],
  ),
  refusal(
    'UpdateFunctionConfiguration',
    'six layers',
    'function',
    { ...fn, Layers: [1, 2, 3, 4, 5, 6].map((n) => `arn:aws:lambda:{region}:{account}:layer:l${n}:1`) },
    [invalid, 400, 'Cannot reference more than 5 layers.'],
  ),
  refusal('UpdateFunctionConfiguration', 'an unknown function', 'nothing', { ...fn, Timeout: 4 }, [
    gone,
    404,
    'Function not found: {arn}',
  ]),

  success('PublishVersion', 'a version is numbered, Active and described on its own', 'function', [
    accepts(
      'PublishVersion',
      { ...fn, Description: 'the first' },
      { Version: '1', FunctionArn: '{arn}:1', State: 'Active', Description: 'the first', CodeSha256: '{sha}' },
      { status: 201, differs: { RevisionId: 'latestRevision' } },
    ),
    accepts('GetFunctionConfiguration', fn, { Description: '' }),
  ]),
  success('PublishVersion', 'nothing new publishes nothing: the old number comes back', 'version', [
    accepts('PublishVersion', { ...fn, Description: 'again' }, { Version: '1' }, { status: 201 }),
    accepts('ListVersionsByFunction', fn, { 'Versions.length': 2 }),
  ]),
  success('PublishVersion', 'a configuration-only change publishes a new version', 'version', [
    accepts('UpdateFunctionConfiguration', { ...fn, MemorySize: 192 }),
    settled,
    accepts('PublishVersion', fn, { Version: '2', MemorySize: 192 }),
    accepts('GetFunctionConfiguration', { ...fn, Qualifier: '1' }, { MemorySize: 128 }),
  ]),
  success('PublishVersion', 'the right hash and RevisionId are accepted, and the RevisionId moves on', 'function', [
    accepts('PublishVersion', { ...fn, CodeSha256: '{sha}', RevisionId: '{latestRevision}' }, { Version: '1' }),
    accepts('GetFunctionConfiguration', fn, {}, { differs: { RevisionId: 'latestRevision' } }),
  ]),
  refusal('PublishVersion', 'the hash of other code', 'function', { ...fn, CodeSha256: 'bm90IHRoaXMgb25l' }, [
    invalid,
    400,
    'CodeSHA256 (bm90IHRoaXMgb25l) is different from current CodeSHA256 in $LATEST ({sha}).',
  ]),
  refusal('PublishVersion', 'a stale RevisionId', 'function', { ...fn, RevisionId: 'stale' }, stale),
  refusal('PublishVersion', 'an unknown function', 'nothing', fn, [gone, 404, 'Function not found: {arn}']),
  refusal('PublishVersion', 'a description of 257 characters', 'function', { ...fn, Description: 'x'.repeat(257) }, [
    'ValidationException',
    400,
    "at 'description'",
  ]),

  success('ListVersionsByFunction', '$LATEST comes first, then the versions in order', 'two versions', [
    accepts(
      'ListVersionsByFunction',
      fn,
      {
        'Versions.length': 3,
        'Versions.0.Version': '$LATEST',
        'Versions.0.FunctionArn': '{arn}:$LATEST',
        'Versions.1.Version': '1',
        'Versions.2.Version': '2',
      },
      { status: 200, lacks: ['NextMarker', 'Versions.1.State'] },
    ),
  ]),
  {
    operation: 'ListVersionsByFunction',
    title: 'one page follows the other',
    kind: 'paging',
    given: 'two versions',
    steps: [
      accepts(
        'ListVersionsByFunction',
        { ...fn, MaxItems: 2 },
        { 'Versions.length': 2, NextMarker: ANYTHING },
        { keep: { marker: 'NextMarker' } },
      ),
      accepts(
        'ListVersionsByFunction',
        { ...fn, MaxItems: 2, Marker: '{marker}' },
        { 'Versions.length': 1, 'Versions.0.Version': '2' },
        { lacks: ['NextMarker'] },
      ),
    ],
  },
  refusal('ListVersionsByFunction', 'an unknown function', 'nothing', fn, [gone, 404, 'Function not found: {arn}']),
  refusal('ListVersionsByFunction', 'a page of no items', 'function', { ...fn, MaxItems: 0 }, [
    'ValidationException',
    400,
    "at 'maxItems'",
  ]),
];

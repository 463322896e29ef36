import { ANYTHING, accepts, type Case, refusal, refuses, success } from '../table.js';

const fn = { FunctionName: '{fn}' };
const bucket = 'arn:aws:s3:::some-bucket';
const permission = { ...fn, StatementId: 's3', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' };
const invalid = 'InvalidParameterValueException';
const malformed = 'ValidationException';
const gone = 'ResourceNotFoundException';
const statement = (condition: string, qualifier = '') =>
  `{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"{arn}${qualifier}"${condition}}`;

const policyCases: Case[] = [
  success('AddPermission', 'a service may be let in for one source', 'function', [
    accepts(
      'AddPermission',
      { ...permission, SourceArn: bucket },
      { Statement: statement(`,"Condition":{"ArnLike":{"AWS:SourceArn":"${bucket}"}}`) },
      { status: 201 },
    ),
  ]),
  success('AddPermission', 'an account becomes its root user', 'function', [
    accepts(
      'AddPermission',
      { ...permission, Principal: '123456789012' },
      {
        Statement:
          '{"Sid":"s3","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"lambda:InvokeFunction","Resource":"{arn}"}',
      },
    ),
  ]),
  success('AddPermission', 'an alias has a policy of its own', 'alias', [
    accepts(
      'AddPermission',
      { ...permission, Qualifier: 'live', RevisionId: '{aliasRevision}' },
      { Statement: statement('', ':live') },
    ),
    refuses('GetPolicy', fn, gone, 404),
    accepts(
      'GetPolicy',
      { ...fn, Qualifier: 'live' },
      { RevisionId: ANYTHING },
      { differs: { RevisionId: 'aliasRevision' } },
    ),
  ]),
  {
    operation: 'AddPermission',
    title: 'a statement id that exists',
    kind: 'refusal',
    given: 'function',
    steps: [
      accepts('AddPermission', permission),
      refuses(
        'AddPermission',
        permission,
        'ResourceConflictException',
        409,
        'The statement id (s3) provided already exists.',
      ),
    ],
  },
  refusal('AddPermission', 'a statement id with a dot', 'function', { ...permission, StatementId: 'a.b' }, [
    malformed,
    400,
    "1 validation error detected: Value 'a.b' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)",
  ]),
  refusal(
    'AddPermission',
    'a principal that is nobody',
    'function',
    { ...permission, Principal: 'nobody.example.com' },
    [invalid, 400, 'The provided principal was invalid. Please check the principal and try again.'],
  ),
  refusal('AddPermission', 'a policy on $LATEST', 'function', { ...permission, Qualifier: '$LATEST' }, [
    invalid,
    400,
    'We currently do not support adding policies for $LATEST.',
  ]),
  refusal('AddPermission', 'a stale RevisionId', 'function', { ...permission, RevisionId: 'stale' }, [
    'PreconditionFailedException',
    412,
    'Call the GetPolicy API to retrieve the latest Revision Id',
  ]),
  refusal('AddPermission', 'an unknown function', 'nothing', permission, [gone, 404, 'Function not found: {arn}']),
  refusal('AddPermission', 'an unknown alias', 'function', { ...permission, Qualifier: 'nope' }, [
    gone,
    404,
    'Cannot find alias arn: {arn}:nope',
  ]),
  refusal('AddPermission', 'an unknown version', 'function', { ...permission, Qualifier: '42' }, [
    gone,
    404,
    'Function not found: {arn}:42',
  ]),
  refusal('AddPermission', 'an action of no service', 'function', { ...permission, Action: 'invoke' }, [
    malformed,
    400,
    "at 'action'",
  ]),

  success('GetPolicy', 'all statements in one policy', 'function', [
    accepts('AddPermission', permission),
    accepts(
      'GetPolicy',
      fn,
      { Policy: `{"Version":"2012-10-17","Id":"default","Statement":[${statement('')}]}`, RevisionId: ANYTHING },
      { status: 200 },
    ),
  ]),
  refusal('GetPolicy', 'a function without a policy', 'function', fn, [
    gone,
    404,
    'The resource you requested does not exist.',
  ]),
  refusal('GetPolicy', 'an unknown function', 'nothing', fn, [gone, 404, 'The resource you requested does not exist.']),

  success('RemovePermission', 'with its last statement the policy goes', 'function', [
    accepts('AddPermission', permission),
    accepts('RemovePermission', { ...fn, StatementId: 's3' }, {}, { status: 204 }),
    refuses('GetPolicy', fn, gone, 404),
  ]),
  refusal('RemovePermission', 'a function without a policy', 'function', { ...fn, StatementId: 's3' }, [
    gone,
    404,
    'No policy is associated with the given resource.',
  ]),
  refusal('RemovePermission', 'an unknown function', 'nothing', { ...fn, StatementId: 's3' }, [
    gone,
    404,
    'No policy found for: {arn}',
  ]),
  {
    operation: 'RemovePermission',
    title: 'an unknown statement',
    kind: 'refusal',
    given: 'function',
    steps: [
      accepts('AddPermission', permission),
      refuses(
        'RemovePermission',
        { ...fn, StatementId: 'other' },
        gone,
        404,
        'Statement other is not found in resource policy.',
      ),
    ],
  },
  {
    operation: 'RemovePermission',
    title: 'a stale RevisionId',
    kind: 'refusal',
    given: 'function',
    steps: [
      accepts('AddPermission', permission),
      refuses(
        'RemovePermission',
        { ...fn, StatementId: 's3', RevisionId: 'stale' },
        'PreconditionFailedException',
        412,
      ),
    ],
  },
];

const resource = { Resource: '{arn}' };

const tagCases: Case[] = [
  success('TagResource', 'tags are added to those that are there', 'function', [
    accepts('TagResource', { ...resource, Tags: { a: '1', b: '2' } }, {}, { status: 204 }),
    accepts('TagResource', { ...resource, Tags: { b: '3', c: '' } }),
    accepts('ListTags', resource, { Tags: { a: '1', b: '3', c: '' } }),
  ]),
  refusal('TagResource', 'an unknown function', 'nothing', { ...resource, Tags: { a: '1' } }, [
    gone,
    404,
    'Function not found: {arn}',
  ]),
  refusal(
    'TagResource',
    'more than 50 tags',
    'function',
    { ...resource, Tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, 'v'])) },
    [invalid, 400, 'Number of tags exceeds resource tag limit.'],
  ),
  refusal('TagResource', 'a version', 'version', { Resource: '{arn}:1', Tags: { a: '1' } }, [
    invalid,
    400,
    'Tags on function aliases and versions are not supported. Please specify a function ARN.',
  ]),
  refusal(
    'TagResource',
    'an ARN of something else',
    'nothing',
    { Resource: 'arn:aws:lambda:{region}:{account}:nothing:x', Tags: { a: '1' } },
    [malformed, 400, "at 'resource' failed to satisfy constraint"],
  ),
  refusal('TagResource', 'a tag key of 129 characters', 'function', { ...resource, Tags: { ['k'.repeat(129)]: 'v' } }, [
    malformed,
    400,
    "at 'tags'",
  ]),
  success('UntagResource', 'named tags go, unknown ones are ignored', 'function', [
    accepts('TagResource', { ...resource, Tags: { a: '1', b: '2', c: '3' } }),
    accepts('UntagResource', { ...resource, TagKeys: ['a', 'b', 'zzz'] }, {}, { status: 204 }),
    accepts('ListTags', resource, { Tags: { c: '3' } }),
  ]),
  refusal('UntagResource', 'an unknown function', 'nothing', { ...resource, TagKeys: ['a'] }, [
    gone,
    404,
    'Function not found: {arn}',
  ]),
  refusal('UntagResource', 'no keys', 'function', { ...resource, TagKeys: [] }, [
    malformed,
    400,
    "Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
  ]),
  success('ListTags', 'a function without tags has none', 'function', [
    accepts('ListTags', resource, { Tags: {} }, { status: 200 }),
  ]),
  refusal('ListTags', 'an unknown function', 'nothing', resource, [gone, 404, 'Function not found: {arn}']),
  refusal('ListTags', 'an alias', 'alias', { Resource: '{arn}:live' }, [
    invalid,
    400,
    'Tags on function aliases and versions are not supported.',
  ]),
];

export const policyAndTagCases: Case[] = [...policyCases, ...tagCases];

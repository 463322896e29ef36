import { ANYTHING, accepts, type Case, refusal, refuses, settles, success } from '../table.js';

const fn = { FunctionName: '{fn}' };
const live = { ...fn, Name: 'live' };
const weights = (map: Record<string, number>) => ({ RoutingConfig: { AdditionalVersionWeights: map } });
const invalid = 'InvalidParameterValueException';
const malformed = 'ValidationException';
const gone = 'ResourceNotFoundException';

export const aliasCases: Case[] = [
  success('CreateAlias', 'an alias of one version has no routing configuration', 'version', [
    accepts(
      'CreateAlias',
      { ...live, FunctionVersion: '1', Description: 'for callers' },
      { AliasArn: '{arn}:live', Name: 'live', FunctionVersion: '1', Description: 'for callers', RevisionId: ANYTHING },
      { status: 201, lacks: ['RoutingConfig'] },
    ),
  ]),
  success('CreateAlias', 'an alias of two versions shows its weight', 'two versions', [
    accepts(
      'CreateAlias',
      { ...live, FunctionVersion: '1', ...weights({ 2: 0.25 }) },
      {
        'RoutingConfig.AdditionalVersionWeights.2': 0.25,
        Description: '',
      },
    ),
  ]),
  success('CreateAlias', 'the weights 0 and 1 are both allowed', 'two versions', [
    accepts('CreateAlias', { ...fn, Name: 'none', FunctionVersion: '1', ...weights({ 2: 0 }) }),
    accepts('CreateAlias', { ...fn, Name: 'all', FunctionVersion: '1', ...weights({ 2: 1 }) }),
  ]),
  success('CreateAlias', 'an alias may point to $LATEST', 'function', [
    accepts('CreateAlias', { ...live, FunctionVersion: '$LATEST' }, { FunctionVersion: '$LATEST' }),
  ]),
  refusal('CreateAlias', 'a name that exists', 'alias', { ...live, FunctionVersion: '1' }, [
    'ResourceConflictException',
    409,
    'Alias already exists: {arn}:live',
  ]),
  refusal('CreateAlias', 'a name of digits only', 'version', { ...fn, Name: '42', FunctionVersion: '1' }, [
    malformed,
    400,
    "Value '42' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern",
  ]),
  refusal('CreateAlias', 'an unknown version', 'function', { ...live, FunctionVersion: '9' }, [
    gone,
    404,
    'Function not found: {arn}:9',
  ]),
  refusal('CreateAlias', 'an unknown function', 'nothing', { ...live, FunctionVersion: '1' }, [
    gone,
    404,
    'Function not found: {arn}',
  ]),
  refusal(
    'CreateAlias',
    'a description of 257 characters',
    'version',
    { ...live, FunctionVersion: '1', Description: 'x'.repeat(257) },
    [
      malformed,
      400,
      "at 'description' failed to satisfy constraint: Member must have length less than or equal to 256",
    ],
  ),
  ...badRoutings('CreateAlias', { ...live, FunctionVersion: '1' }, 'two versions'),
  refusal(
    'CreateAlias',
    'weights beside $LATEST as the primary version',
    'version',
    { ...live, FunctionVersion: '$LATEST', ...weights({ 1: 0.5 }) },
    [invalid, 400, '$LATEST is not supported for an alias pointing to more than 1 version'],
  ),

  unequal('versions of two roles', { Role: 'arn:aws:iam::{account}:role/another' }, 'execution role'),
  unequal(
    'versions of two dead-letter queues',
    { DeadLetterConfig: { TargetArn: 'arn:aws:sqs:{region}:{account}:dead' } },
    'dead letter configuration',
  ),

  success('GetAlias', 'an alias reads back as it was made', 'weighted alias', [
    accepts(
      'GetAlias',
      live,
      {
        AliasArn: '{arn}:live',
        FunctionVersion: '1',
        RevisionId: '{aliasRevision}',
        'RoutingConfig.AdditionalVersionWeights.2': 0.1,
      },
      { status: 200 },
    ),
  ]),
  refusal('GetAlias', 'an unknown alias', 'function', live, [gone, 404, 'Cannot find alias arn: {arn}:live']),
  refusal('GetAlias', 'a malformed alias name', 'function', { ...fn, Name: 'not!valid' }, [
    malformed,
    400,
    "at 'name'",
  ]),

  success('UpdateAlias', 'every update moves the RevisionId, identical content included', 'alias', [
    accepts(
      'UpdateAlias',
      { ...live, FunctionVersion: '1' },
      { FunctionVersion: '1', RevisionId: ANYTHING },
      {
        status: 200,
        differs: { RevisionId: 'aliasRevision' },
      },
    ),
  ]),
  success('UpdateAlias', 'a routing configuration that is left out keeps the weights', 'weighted alias', [
    accepts(
      'UpdateAlias',
      { ...live, Description: 'new words' },
      {
        Description: 'new words',
        'RoutingConfig.AdditionalVersionWeights.2': 0.1,
      },
    ),
  ]),
  success('UpdateAlias', 'an empty routing configuration clears the weights', 'weighted alias', [
    accepts('UpdateAlias', { ...live, RoutingConfig: {} }, { FunctionVersion: '1' }, { lacks: ['RoutingConfig'] }),
  ]),
  success('UpdateAlias', 'empty weights clear the weights', 'weighted alias', [
    accepts('UpdateAlias', { ...live, ...weights({}) }, { FunctionVersion: '1' }, { lacks: ['RoutingConfig'] }),
    accepts('GetAlias', live, {}, { lacks: ['RoutingConfig'] }),
  ]),
  success('UpdateAlias', 'promoting moves the version and clears the weights in one call', 'weighted alias', [
    accepts(
      'UpdateAlias',
      { ...live, FunctionVersion: '2', ...weights({}), RevisionId: '{aliasRevision}' },
      { FunctionVersion: '2' },
      { lacks: ['RoutingConfig'] },
    ),
  ]),
  success('UpdateAlias', 'each answer carries the RevisionId that the next update has to name', 'alias', [
    accepts(
      'UpdateAlias',
      { ...live, ...weights({ 2: 0.1 }), RevisionId: '{aliasRevision}' },
      {},
      { keep: { second: 'RevisionId' } },
    ),
    refuses(
      'UpdateAlias',
      { ...live, ...weights({ 2: 0.5 }), RevisionId: '{aliasRevision}' },
      'PreconditionFailedException',
      412,
      'Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    ),
    accepts(
      'UpdateAlias',
      { ...live, ...weights({ 2: 0.5 }), RevisionId: '{second}' },
      { 'RoutingConfig.AdditionalVersionWeights.2': 0.5 },
    ),
  ]),
  refusal('UpdateAlias', 'a RevisionId that never was', 'alias', { ...live, RevisionId: 'no-such-revision' }, [
    'PreconditionFailedException',
    412,
    'The Revision Id provided does not match the latest Revision Id',
  ]),
  refusal('UpdateAlias', 'an unknown alias', 'function', { ...live, Description: 'x' }, [
    gone,
    404,
    'Alias not found: {arn}:live',
  ]),
  refusal('UpdateAlias', 'an unknown version', 'alias', { ...live, FunctionVersion: '9' }, [
    gone,
    404,
    'Function not found: {arn}:9',
  ]),
  refusal(
    'UpdateAlias',
    'moving to the weighted version while keeping its weight',
    'weighted alias',
    { ...live, FunctionVersion: '2' },
    [invalid, 400, 'Function version 2 is already included in routing configuration.'],
  ),
  ...badRoutings('UpdateAlias', live, 'alias'),

  success('DeleteAlias', 'a deleted alias is gone, and deleting it again is no error', 'alias', [
    accepts('DeleteAlias', live, {}, { status: 204 }),
    refuses('GetAlias', live, gone, 404),
    accepts('DeleteAlias', live, {}, { status: 204 }),
  ]),
  refusal('DeleteAlias', 'an unknown function', 'nothing', live, [gone, 404, 'Function not found']),
  refusal('DeleteAlias', 'a malformed alias name', 'function', { ...fn, Name: 'not!valid' }, [
    malformed,
    400,
    "at 'name'",
  ]),

  success('ListAliases', 'aliases are listed with their weights', 'weighted alias', [
    accepts('ListAliases', fn, {
      'Aliases.length': 1,
      'Aliases.0.Name': 'live',
      'Aliases.0.RoutingConfig.AdditionalVersionWeights.2': 0.1,
    }),
  ]),
  success('ListAliases', 'they can be narrowed down to one version', 'two versions', [
    accepts('CreateAlias', { ...fn, Name: 'one', FunctionVersion: '1' }),
    accepts('CreateAlias', { ...fn, Name: 'two', FunctionVersion: '2' }),
    accepts('ListAliases', { ...fn, FunctionVersion: '2' }, { 'Aliases.length': 1, 'Aliases.0.Name': 'two' }),
  ]),
  {
    operation: 'ListAliases',
    title: 'one page follows the other, without gaps or repeats',
    kind: 'paging',
    given: 'version',
    steps: [
      ...['a', 'b', 'c'].map((Name) => accepts('CreateAlias', { ...fn, Name, FunctionVersion: '1' })),
      accepts(
        'ListAliases',
        { ...fn, MaxItems: 2 },
        { 'Aliases.length': 2, NextMarker: ANYTHING },
        { keep: { marker: 'NextMarker' } },
      ),
      accepts(
        'ListAliases',
        { ...fn, MaxItems: 2, Marker: '{marker}' },
        { 'Aliases.length': 1, 'Aliases.0.Name': 'c' },
        { lacks: ['NextMarker'] },
      ),
    ],
  },
  refusal('ListAliases', 'a page of no items', 'function', { ...fn, MaxItems: 0 }, [
    malformed,
    400,
    "Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1",
  ]),
  refusal('ListAliases', 'an unknown function', 'nothing', fn, [gone, 404, 'Function not found: {arn}']),
];

/** Both versions of a weighted alias run under one role, and send what fails to one place. */
function unequal(title: string, change: Record<string, unknown>, says: string): Case {
  return {
    operation: 'CreateAlias',
    title,
    kind: 'refusal',
    given: 'version',
    ownEndpointOnly: true,
    steps: [
      accepts('UpdateFunctionConfiguration', { ...fn, ...change }),
      settles('GetFunctionConfiguration', fn, { LastUpdateStatus: 'Successful' }),
      accepts('PublishVersion', fn, { Version: '2' }),
      refuses('CreateAlias', { ...live, FunctionVersion: '1', ...weights({ 2: 0.1 }) }, invalid, 400, says),
    ],
  };
}

/** What neither creating nor updating an alias may route to. */
function badRoutings(operation: string, input: Record<string, unknown>, given: 'two versions' | 'alias'): Case[] {
  return [
    refusal(operation, 'more than one additional version', given, { ...input, ...weights({ 2: 0.1, 3: 0.1 }) }, [
      invalid,
      400,
      'Number of items in AdditionalVersionWeights cannot be greater than 1',
    ]),
    refusal(operation, 'a weight above 1', given, { ...input, ...weights({ 2: 1.5 }) }, [
      malformed,
      400,
      "Value '{2=1.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1, Member must have value greater than or equal to 0",
    ]),
    refusal(operation, 'a negative weight', given, { ...input, ...weights({ 2: -0.1 }) }, [
      malformed,
      400,
      "at 'routingConfig.additionalVersionWeights'",
    ]),
    refusal(operation, 'a weight on $LATEST', given, { ...input, ...weights({ $LATEST: 0.1 }) }, [
      malformed,
      400,
      "Value '{$LATEST=0.1}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy constraint",
    ]),
    refusal(operation, 'a weight on the primary version', given, { ...input, ...weights({ 1: 0.1 }) }, [
      invalid,
      400,
      'Invalid function version 1. Function version 1 is already included in routing configuration.',
    ]),
    refusal(operation, 'a weight on an unknown version', given, { ...input, ...weights({ 9: 0.1 }) }, [
      gone,
      404,
      'Function not found: {arn}:9',
    ]),
  ];
}

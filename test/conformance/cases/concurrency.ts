import { ANYTHING, accepts, type Case, refusal, refuses, settles, success } from '../table.js';

const fn = { FunctionName: '{fn}' };
const invalid = 'InvalidParameterValueException';
const gone = 'ResourceNotFoundException';
const reserve = (n: number) => ({ ...fn, ReservedConcurrentExecutions: n });
const onFunctionsOnly =
  'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation.';

const reservedCases: Case[] = [
  success('PutFunctionConcurrency', 'a reservation is shown, changed and taken back', 'function', [
    accepts('PutFunctionConcurrency', reserve(5), { ReservedConcurrentExecutions: 5 }, { status: 200 }),
    accepts('GetFunctionConcurrency', fn, { ReservedConcurrentExecutions: 5 }),
    accepts('GetFunction', fn, { 'Concurrency.ReservedConcurrentExecutions': 5 }),
    accepts('PutFunctionConcurrency', reserve(0), { ReservedConcurrentExecutions: 0 }),
  ]),
  refusal('PutFunctionConcurrency', 'more than the account can spare', 'function', reserve(100_000), [
    invalid,
    400,
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [",
  ]),
  refusal(
    'PutFunctionConcurrency',
    'a version',
    'version',
    { FunctionName: '{arn}:1', ReservedConcurrentExecutions: 1 },
    [invalid, 400, onFunctionsOnly],
  ),
  refusal('PutFunctionConcurrency', 'a negative number', 'function', reserve(-1), [
    'ValidationException',
    400,
    "Value '-1' at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must have value greater than or equal to 0",
  ]),
  refusal('PutFunctionConcurrency', 'an unknown function', 'nothing', reserve(1), [
    gone,
    404,
    'Function not found: {arn}:$LATEST',
  ]),
  success('DeleteFunctionConcurrency', 'without a reservation none is shown', 'function', [
    accepts('PutFunctionConcurrency', reserve(1)),
    accepts('DeleteFunctionConcurrency', fn, {}, { status: 204 }),
    accepts('GetFunctionConcurrency', fn, {}, { lacks: ['ReservedConcurrentExecutions'] }),
  ]),
  refusal('DeleteFunctionConcurrency', 'an unknown function', 'nothing', fn, [gone, 404, 'Function not found']),
  refusal('DeleteFunctionConcurrency', 'an alias', 'alias', { FunctionName: '{fn}:live' }, [
    invalid,
    400,
    onFunctionsOnly,
  ]),
  success('GetAccountSettings', 'limits and usage', 'function', [
    accepts(
      'GetAccountSettings',
      {},
      {
        'AccountLimit.CodeSizeZipped': 52_428_800,
        'AccountLimit.CodeSizeUnzipped': 262_144_000,
        'AccountLimit.ConcurrentExecutions': ANYTHING,
        'AccountUsage.FunctionCount': ANYTHING,
        'AccountUsage.TotalCodeSize': ANYTHING,
      },
      { status: 200 },
    ),
  ]),
  {
    ...success('GetAccountSettings', 'reservations lower what is left for everybody else', 'function', [
      accepts('PutFunctionConcurrency', reserve(100)),
      accepts(
        'GetAccountSettings',
        {},
        { 'AccountLimit.UnreservedConcurrentExecutions': 900, 'AccountUsage.FunctionCount': 1 },
      ),
    ]),
    ownEndpointOnly: true,
  },
];

const provisionedOn = { ...fn, Qualifier: 'live' };

const provisionedCases: Case[] = [
  success('PutProvisionedConcurrencyConfig', 'an alias is provisioned, shown and given up', 'alias', [
    accepts(
      'PutProvisionedConcurrencyConfig',
      { ...provisionedOn, ProvisionedConcurrentExecutions: 2 },
      {
        RequestedProvisionedConcurrentExecutions: 2,
        AllocatedProvisionedConcurrentExecutions: 0,
        Status: 'IN_PROGRESS',
      },
      { status: 202 },
    ),
    settles('GetProvisionedConcurrencyConfig', provisionedOn, {
      Status: 'READY',
      AvailableProvisionedConcurrentExecutions: 2,
    }),
    accepts('DeleteProvisionedConcurrencyConfig', provisionedOn, {}, { status: 204 }),
    refuses(
      'GetProvisionedConcurrencyConfig',
      provisionedOn,
      'ProvisionedConcurrencyConfigNotFoundException',
      404,
      'No Provisioned Concurrency Config found for this function',
    ),
  ]),
  {
    ...success(
      'PutProvisionedConcurrencyConfig',
      "moving the alias shows weights of the service's own, until it is ready",
      'alias',
      [
        accepts('PutProvisionedConcurrencyConfig', { ...provisionedOn, ProvisionedConcurrentExecutions: 1 }),
        settles('GetProvisionedConcurrencyConfig', provisionedOn, { Status: 'READY' }),
        accepts(
          'UpdateAlias',
          { ...fn, Name: 'live', FunctionVersion: '2' },
          { FunctionVersion: '2' },
          { lacks: ['RoutingConfig'], keep: { moved: 'RevisionId' } },
        ),
        settles(
          'GetAlias',
          { ...fn, Name: 'live' },
          { 'RoutingConfig.AdditionalVersionWeights.1': ANYTHING, FunctionVersion: '2' },
        ),
        accepts('GetProvisionedConcurrencyConfig', provisionedOn, { Status: 'IN_PROGRESS' }),
        settles('GetProvisionedConcurrencyConfig', provisionedOn, { Status: 'READY' }),
        accepts(
          'GetAlias',
          { ...fn, Name: 'live' },
          { FunctionVersion: '2' },
          { lacks: ['RoutingConfig'], differs: { RevisionId: 'moved' } },
        ),
      ],
    ),
    ownEndpointOnly: true,
  },
  refusal(
    'PutProvisionedConcurrencyConfig',
    'an alias with weights',
    'weighted alias',
    { ...provisionedOn, ProvisionedConcurrentExecutions: 1 },
    [invalid, 400, 'Alias with weights can not be used with Provisioned Concurrency'],
  ),
  refusal(
    'PutProvisionedConcurrencyConfig',
    '$LATEST',
    'function',
    { ...fn, Qualifier: '$LATEST', ProvisionedConcurrentExecutions: 1 },
    [invalid, 400, 'Provisioned Concurrency Configs cannot be applied to unpublished function versions.'],
  ),
];

export const concurrencyCases: Case[] = [...reservedCases, ...provisionedCases];

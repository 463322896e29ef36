import { ANYTHING, accepts, type Case, type Given, refuses, type Step, settles } from '../table.js';

const invalid = 'InvalidParameterValueException';
const gone = 'ResourceNotFoundException';
const UNKNOWN = '00000000-0000-4000-8000-000000000000';
const queue = 'arn:aws:sqs:{region}:{account}:{fn}-queue';
const stream = 'arn:aws:kinesis:{region}:{account}:stream/{fn}';
const create = (change: Record<string, unknown> = {}) => ({ FunctionName: '{fn}', EventSourceArn: queue, ...change });
const uuid = { UUID: '{uuid}' };
const made = (change: Record<string, unknown> = {}) =>
  accepts('CreateEventSourceMapping', create(change), { State: 'Creating' }, { keep: { uuid: 'UUID' } });
const enabled = settles('GetEventSourceMapping', uuid, { State: 'Enabled' });
const removed = accepts('DeleteEventSourceMapping', uuid, { State: 'Deleting' }, { status: 202 });

/** Queues and streams do not exist at AWS just because a case names them: these run on endpoints of our own only. */
function own(operation: string, title: string, kind: Case['kind'], given: Given, steps: Step[]): Case {
  return { operation, title, kind, given, steps, ownEndpointOnly: true };
}

const refused = (
  operation: string,
  title: string,
  given: Given,
  input: Record<string, unknown>,
  error: [string, number, string?],
): Case => own(operation, title, 'refusal', given, [refuses(operation, input, ...error)]);

export const mappingCases: Case[] = [
  own('CreateEventSourceMapping', 'a queue starts with its defaults and becomes Enabled', 'success', 'function', [
    accepts(
      'CreateEventSourceMapping',
      create(),
      {
        BatchSize: 10,
        MaximumBatchingWindowInSeconds: 0,
        State: 'Creating',
        StateTransitionReason: 'USER_INITIATED',
        FunctionArn: '{arn}',
        EventSourceArn: queue,
        UUID: ANYTHING,
        LastModified: ANYTHING,
        EventSourceMappingArn: ANYTHING,
      },
      { status: 202, lacks: ['StartingPosition', 'ParallelizationFactor'], keep: { uuid: 'UUID' } },
    ),
    enabled,
    removed,
  ]),
  own('CreateEventSourceMapping', 'a stream has defaults of its own', 'success', 'function', [
    accepts(
      'CreateEventSourceMapping',
      create({ EventSourceArn: stream, StartingPosition: 'LATEST' }),
      {
        BatchSize: 100,
        ParallelizationFactor: 1,
        MaximumRetryAttempts: -1,
        MaximumRecordAgeInSeconds: -1,
        BisectBatchOnFunctionError: false,
        TumblingWindowInSeconds: 0,
        StartingPosition: 'LATEST',
        LastProcessingResult: 'No records processed',
        StateTransitionReason: 'User action',
      },
      { keep: { uuid: 'UUID' } },
    ),
    removed,
  ]),
  own('CreateEventSourceMapping', 'a mapping may follow an alias, and start disabled', 'success', 'alias', [
    accepts(
      'CreateEventSourceMapping',
      create({ FunctionName: '{fn}:live', Enabled: false }),
      { FunctionArn: '{arn}:live' },
      { keep: { uuid: 'UUID' } },
    ),
    settles('GetEventSourceMapping', uuid, { State: 'Disabled' }),
    removed,
  ]),
  refused('CreateEventSourceMapping', 'no event source', 'function', { FunctionName: '{fn}' }, [
    invalid,
    400,
    'Unrecognized event source.',
  ]),
  refused('CreateEventSourceMapping', 'an unknown function', 'nothing', create(), [
    invalid,
    400,
    'Function does not exist',
  ]),
  refused(
    'CreateEventSourceMapping',
    'a stream without a starting position',
    'function',
    create({ EventSourceArn: stream }),
    [
      invalid,
      400,
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    ],
  ),
  refused(
    'CreateEventSourceMapping',
    'an unknown starting position',
    'function',
    create({ EventSourceArn: stream, StartingPosition: 'MIDDLE' }),
    [
      'ValidationException',
      400,
      "Value 'MIDDLE' at 'startingPosition' failed to satisfy constraint: Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
    ],
  ),
  refused(
    'CreateEventSourceMapping',
    'a table stream from a moment in time',
    'function',
    create({
      EventSourceArn: 'arn:aws:dynamodb:{region}:{account}:table/t/stream/s',
      StartingPosition: 'AT_TIMESTAMP',
      StartingPositionTimestamp: new Date(0),
    }),
    [invalid, 400, 'Unsupported starting position for arn type: arn:aws:dynamodb'],
  ),
  refused(
    'CreateEventSourceMapping',
    'a filter that is no pattern',
    'function',
    create({ FilterCriteria: { Filters: [{ Pattern: 'words' }] } }),
    [invalid, 400, 'Invalid filter pattern definition.'],
  ),
  refused('CreateEventSourceMapping', 'a large batch without a window', 'function', create({ BatchSize: 11 }), [
    invalid,
    400,
    'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
  ]),
  refused('CreateEventSourceMapping', 'a batch of 10,001', 'function', create({ BatchSize: 10_001 }), [
    'ValidationException',
    400,
    "at 'batchSize'",
  ]),
  own('CreateEventSourceMapping', 'the same source for the same function', 'refusal', 'function', [
    made(),
    refuses(
      'CreateEventSourceMapping',
      create(),
      'ResourceConflictException',
      409,
      'already exists. Please update or delete the existing mapping with UUID {uuid}',
    ),
    removed,
  ]),
  own('GetEventSourceMapping', 'a mapping reads back as it was made', 'success', 'function', [
    made({ BatchSize: 5 }),
    accepts('GetEventSourceMapping', uuid, { BatchSize: 5, FunctionArn: '{arn}' }, { status: 200 }),
    removed,
  ]),
  refused('GetEventSourceMapping', 'an unknown mapping', 'nothing', { UUID: UNKNOWN }, [
    gone,
    404,
    'The resource you requested does not exist.',
  ]),
  own('UpdateEventSourceMapping', 'pausing and moving to an alias', 'success', 'alias', [
    made(),
    enabled,
    accepts(
      'UpdateEventSourceMapping',
      { ...uuid, Enabled: false, FunctionName: '{fn}:live', BatchSize: 3 },
      { State: 'Disabling', FunctionArn: '{arn}:live', BatchSize: 3 },
      { status: 202 },
    ),
    settles('GetEventSourceMapping', uuid, { State: 'Disabled' }),
    accepts('UpdateEventSourceMapping', { ...uuid, Enabled: true }, { State: 'Enabling' }),
    enabled,
    removed,
  ]),
  refused('UpdateEventSourceMapping', 'an unknown mapping', 'nothing', { UUID: UNKNOWN, Enabled: false }, [
    gone,
    404,
    'The resource you requested does not exist.',
  ]),
  own('UpdateEventSourceMapping', 'an unknown function', 'refusal', 'function', [
    made(),
    enabled,
    refuses(
      'UpdateEventSourceMapping',
      { ...uuid, FunctionName: 'no-such-function' },
      invalid,
      400,
      'Function does not exist',
    ),
    removed,
  ]),
  own('UpdateEventSourceMapping', 'a mapping that is still being created', 'refusal', 'function', [
    made(),
    refuses('UpdateEventSourceMapping', { ...uuid, Enabled: false }, 'ResourceInUseException', 400),
    enabled,
    removed,
  ]),
  own('DeleteEventSourceMapping', 'a deleted mapping is Deleting, then gone', 'success', 'function', [
    made(),
    enabled,
    removed,
    { ...refuses('GetEventSourceMapping', uuid, gone, 404), until: true },
  ]),
  refused('DeleteEventSourceMapping', 'an unknown mapping', 'nothing', { UUID: UNKNOWN }, [
    gone,
    404,
    'The resource you requested does not exist.',
  ]),
  own('ListEventSourceMappings', 'by function and by source', 'success', 'function', [
    made(),
    accepts('ListEventSourceMappings', { FunctionName: '{fn}' }, { 'EventSourceMappings.length': 1 }, { status: 200 }),
    accepts(
      'ListEventSourceMappings',
      { EventSourceArn: queue },
      { 'EventSourceMappings.length': 1, 'EventSourceMappings.0.UUID': '{uuid}' },
    ),
    accepts('ListEventSourceMappings', { EventSourceArn: stream }, { 'EventSourceMappings.length': 0 }),
    removed,
  ]),
  own('ListEventSourceMappings', 'one page follows the other', 'paging', 'function', [
    made(),
    accepts('CreateEventSourceMapping', create({ EventSourceArn: `${queue}2` }), {}, { keep: { second: 'UUID' } }),
    accepts(
      'ListEventSourceMappings',
      { FunctionName: '{fn}', MaxItems: 1 },
      { 'EventSourceMappings.length': 1, NextMarker: ANYTHING },
      { keep: { marker: 'NextMarker' } },
    ),
    accepts(
      'ListEventSourceMappings',
      { FunctionName: '{fn}', MaxItems: 1, Marker: '{marker}' },
      { 'EventSourceMappings.length': 1 },
      { lacks: ['NextMarker'] },
    ),
    removed,
    accepts('DeleteEventSourceMapping', { UUID: '{second}' }),
  ]),
  refused('ListEventSourceMappings', 'a page of 10,001', 'nothing', { MaxItems: 10_001 }, [
    'ValidationException',
    400,
    "at 'maxItems'",
  ]),
];

import { randomUUID } from 'node:crypto';
import type { MappingRecord } from '../../world/records.js';
import { resolveIn } from '../../world/store.js';
import { type Call, type Handler, inputOf, ok, type Services } from '../call.js';
import { conflict, invalidParameter, notFound, ServiceError } from '../errors.js';
import { checkFilters } from '../event-filter.js';
import { functionArn, lambdaArn, readFunctionName } from '../names.js';
import { pageAnswer, pageOf } from '../paging.js';
import { checkTagCount } from './tags.js';

interface MappingInput {
  UUID: string;
  EventSourceArn?: string;
  FunctionName?: string;
  Enabled?: boolean;
  BatchSize?: number;
  MaximumBatchingWindowInSeconds?: number;
  StartingPosition?: string;
  StartingPositionTimestamp?: number;
  DestinationConfig?: { OnSuccess?: object; OnFailure?: object };
  FilterCriteria?: { Filters?: { Pattern?: string }[] };
  SelfManagedEventSource?: object;
  Tags?: Record<string, string>;
  Marker?: string;
  MaxItems?: number;
  [other: string]: unknown;
}

/** What each kind of source is called, shows by default and says about its own changes. */
interface SourceKind {
  spoken: string;
  stream: boolean;
  reason: string;
  defaults: Record<string, unknown>;
}

const STREAM_DEFAULTS = {
  BatchSize: 100,
  MaximumBatchingWindowInSeconds: 0,
  ParallelizationFactor: 1,
  LastProcessingResult: 'No records processed',
  DestinationConfig: { OnFailure: {} },
  MaximumRecordAgeInSeconds: -1,
  BisectBatchOnFunctionError: false,
  MaximumRetryAttempts: -1,
  TumblingWindowInSeconds: 0,
  FunctionResponseTypes: [],
};

const BROKER_DEFAULTS = { BatchSize: 100, LastProcessingResult: 'No records processed' };

const KAFKA_DEFAULTS = { ...BROKER_DEFAULTS, DestinationConfig: { OnFailure: {} } };

/** Consumers of one Kafka mapping belong together under an id, which the service makes up unless the caller did. */
const CONSUMERS: Record<string, string> = {
  kafka: 'AmazonManagedKafkaEventSourceConfig',
  'self-managed': 'SelfManagedKafkaEventSourceConfig',
};

const KINDS: Record<string, SourceKind> = {
  sqs: {
    spoken: 'SQS',
    stream: false,
    reason: 'USER_INITIATED',
    defaults: { BatchSize: 10, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: [] },
  },
  kinesis: { spoken: 'Kinesis', stream: true, reason: 'User action', defaults: STREAM_DEFAULTS },
  dynamodb: { spoken: 'DynamoDB', stream: true, reason: 'User action', defaults: STREAM_DEFAULTS },
  kafka: { spoken: 'Kafka', stream: true, reason: 'USER_INITIATED', defaults: KAFKA_DEFAULTS },
  'self-managed': { spoken: 'Kafka', stream: true, reason: 'USER_INITIATED', defaults: KAFKA_DEFAULTS },
  mq: { spoken: 'MQ', stream: false, reason: 'USER_INITIATED', defaults: BROKER_DEFAULTS },
  rds: { spoken: 'DocumentDB', stream: true, reason: 'USER_INITIATED', defaults: BROKER_DEFAULTS },
};

function kindOf(input: Pick<MappingInput, 'EventSourceArn' | 'SelfManagedEventSource'>): SourceKind {
  const service = input.EventSourceArn?.split(':')[2] ?? (input.SelfManagedEventSource ? 'self-managed' : '');
  const kind = Object.hasOwn(KINDS, service) ? KINDS[service] : undefined;
  if (!kind) throw invalidParameter('Unrecognized event source.');
  return kind;
}

/** Members that an answer repeats as they were asked for. */
const REPEATED = [
  ...['BatchSize', 'MaximumBatchingWindowInSeconds', 'ParallelizationFactor', 'MaximumRecordAgeInSeconds', 'KMSKeyArn'],
  ...['BisectBatchOnFunctionError', 'MaximumRetryAttempts', 'TumblingWindowInSeconds', 'Topics', 'Queues'],
  ...['SourceAccessConfigurations', 'SelfManagedEventSource', 'FunctionResponseTypes', 'ScalingConfig'],
  ...['AmazonManagedKafkaEventSourceConfig', 'SelfManagedKafkaEventSourceConfig', 'DocumentDBEventSourceConfig'],
  ...['ProvisionedPollerConfig', 'MetricsConfig', 'LoggingConfig'],
];

function checkInput(kind: SourceKind, input: MappingInput): void {
  if (input.DestinationConfig?.OnSuccess || (input.DestinationConfig && !kind.stream))
    throw invalidParameter('Unsupported DestinationConfig parameter for given event source mapping type.');
  if (kind.spoken === 'SQS' && (input.BatchSize ?? 10) > 10 && !input.MaximumBatchingWindowInSeconds)
    throw invalidParameter(
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    );
}

function checkStart(kind: SourceKind, input: MappingInput): void {
  if (!kind.stream) return;
  if (input.StartingPosition === undefined)
    throw invalidParameter(
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    );
  if (input.StartingPosition === 'AT_TIMESTAMP' && kind.spoken === 'DynamoDB')
    throw invalidParameter(`Unsupported starting position for arn type: ${input.EventSourceArn}`);
}

function requireFunction(services: Services, call: Call, written: string) {
  const named = readFunctionName(call.place, written);
  const fn = services.store.find(call.place, named.name);
  if (!fn || !resolveIn(fn, named.qualifier)) throw invalidParameter('Function does not exist');
  return named;
}

function answerAfter(before: Record<string, unknown>, input: MappingInput): Record<string, unknown> {
  const after = { ...before };
  for (const name of REPEATED) if (input[name] !== undefined) after[name] = input[name];
  if (input.DestinationConfig) after['DestinationConfig'] = { OnFailure: {}, ...input.DestinationConfig };
  const filters = input.FilterCriteria?.Filters;
  if (input.FilterCriteria) {
    checkFilters(filters ?? []);
    if (filters && filters.length > 0) after['FilterCriteria'] = { Filters: filters };
    else delete after['FilterCriteria'];
  }
  return after;
}

const createMapping: Handler = (services, call) => {
  const input = inputOf<MappingInput & { FunctionName: string }>(call);
  const kind = kindOf(input);
  checkInput(kind, input);
  const { name, qualifier } = requireFunction(services, call, input.FunctionName);
  checkStart(kind, input);
  checkTagCount(input.Tags ?? {});
  const answer = answerAfter(kind.defaults, input);
  const consumers = CONSUMERS[input.EventSourceArn?.split(':')[2] ?? 'self-managed'];
  if (consumers) answer[consumers] = { ConsumerGroupId: randomUUID(), ...(input[consumers] as object | undefined) };
  refuseTwin(services, call, kind, input, name, qualifier);
  const enabled = input.Enabled ?? true;
  const mapping: MappingRecord = {
    uuid: randomUUID(),
    functionName: name,
    qualifier,
    eventSourceArn: input.EventSourceArn,
    answer,
    startingPosition: kind.stream ? input.StartingPosition : undefined,
    startingPositionTimestamp: input.StartingPositionTimestamp,
    state: 'Creating',
    nextState: enabled ? 'Enabled' : 'Disabled',
    settlesAt: call.now + (call.effect.settleMs ?? services.settleMs()),
    reason: kind.reason,
    modifiedAt: call.now,
    tags: input.Tags ?? {},
  };
  services.store.place(call.place).mappings[mapping.uuid] = mapping;
  return ok(describeMapping(call, mapping), 202);
};

function refuseTwin(
  services: Services,
  call: Call,
  kind: SourceKind,
  input: MappingInput,
  name: string,
  qualifier: string | undefined,
): void {
  const twin = Object.values(services.store.place(call.place).mappings).find(
    (one) =>
      input.EventSourceArn !== undefined &&
      one.eventSourceArn === input.EventSourceArn &&
      one.functionName === name &&
      one.qualifier === qualifier,
  );
  if (twin)
    throw conflict(
      `An event source mapping with ${kind.spoken} arn (" ${input.EventSourceArn} ") and function (" ${name} ") already exists. Please update or delete the existing mapping with UUID ${twin.uuid}`,
    );
}

function describeMapping(call: Call, mapping: MappingRecord): Record<string, unknown> {
  return {
    UUID: mapping.uuid,
    ...mapping.answer,
    ...(mapping.startingPosition === undefined ? {} : { StartingPosition: mapping.startingPosition }),
    ...(mapping.startingPositionTimestamp === undefined
      ? {}
      : { StartingPositionTimestamp: mapping.startingPositionTimestamp }),
    ...(mapping.eventSourceArn === undefined ? {} : { EventSourceArn: mapping.eventSourceArn }),
    FunctionArn: functionArn(call.place, mapping.functionName, mapping.qualifier),
    LastModified: mapping.modifiedAt / 1000,
    State: mapping.state,
    StateTransitionReason: mapping.reason,
    EventSourceMappingArn: lambdaArn(call.place, `event-source-mapping:${mapping.uuid}`),
  };
}

function requireMapping(services: Services, call: Call): MappingRecord {
  const { UUID } = inputOf<MappingInput>(call);
  const mappings = services.store.place(call.place).mappings;
  const mapping = Object.hasOwn(mappings, UUID) ? mappings[UUID] : undefined;
  if (!mapping) throw notFound('The resource you requested does not exist.');
  return mapping;
}

const busy = (verb: string) =>
  new ServiceError(
    'ResourceInUseException',
    `Cannot ${verb} the event source mapping because it is in use.`,
    400,
    'Message',
  );

const updateMapping: Handler = (services, call) => {
  const input = inputOf<MappingInput>(call);
  const mapping = requireMapping(services, call);
  if (mapping.nextState !== undefined) throw busy('update');
  const kind = kindOf({
    ...(mapping.eventSourceArn === undefined
      ? { SelfManagedEventSource: {} }
      : { EventSourceArn: mapping.eventSourceArn }),
  });
  checkInput(kind, { ...input, BatchSize: input.BatchSize ?? Number(mapping.answer['BatchSize']) });
  const named = input.FunctionName === undefined ? undefined : requireFunction(services, call, input.FunctionName);
  mapping.answer = answerAfter(mapping.answer, input);
  if (named) {
    mapping.functionName = named.name;
    mapping.qualifier = named.qualifier;
  }
  const was = mapping.state;
  const target = input.Enabled === undefined ? was : input.Enabled ? 'Enabled' : 'Disabled';
  mapping.state = target === was ? 'Updating' : target === 'Enabled' ? 'Enabling' : 'Disabling';
  mapping.nextState = target === 'Enabled' ? 'Enabled' : 'Disabled';
  mapping.settlesAt = call.now + (call.effect.settleMs ?? services.settleMs());
  mapping.modifiedAt = call.now;
  return ok(describeMapping(call, mapping), 202);
};

const deleteMapping: Handler = (services, call) => {
  const mapping = requireMapping(services, call);
  if (mapping.state === 'Deleting') throw busy('delete');
  mapping.state = 'Deleting';
  mapping.nextState = 'Gone';
  mapping.settlesAt = call.now + services.settleMs();
  return ok(describeMapping(call, mapping), 202);
};

const getMapping: Handler = (services, call) => ok(describeMapping(call, requireMapping(services, call)));

const listMappings: Handler = (services, call) => {
  const input = inputOf<MappingInput>(call);
  const wanted = input.FunctionName === undefined ? undefined : readFunctionName(call.place, input.FunctionName);
  const all = Object.values(services.store.place(call.place).mappings)
    .filter((one) => wanted === undefined || one.functionName === wanted.name)
    .filter((one) => wanted?.qualifier === undefined || one.qualifier === wanted.qualifier)
    .filter((one) => input.EventSourceArn === undefined || one.eventSourceArn === input.EventSourceArn)
    .sort((a, b) => (a.uuid < b.uuid ? -1 : 1));
  const page = pageOf(all, (one) => one.uuid, input, 100);
  return ok(
    pageAnswer(
      'EventSourceMappings',
      page.items.map((one) => describeMapping(call, one)),
      page.nextMarker,
    ),
  );
};

export const mappingHandlers: Record<string, Handler> = {
  CreateEventSourceMapping: createMapping,
  UpdateEventSourceMapping: updateMapping,
  DeleteEventSourceMapping: deleteMapping,
  GetEventSourceMapping: getMapping,
  ListEventSourceMappings: listMappings,
};

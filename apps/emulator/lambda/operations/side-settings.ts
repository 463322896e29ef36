import { randomBytes } from 'node:crypto';
import { lambdaTime } from '../../clock.js';
import type { EventInvokeRecord, FunctionRecord, UrlRecord } from '../../world/records.js';
import { resolveIn } from '../../world/store.js';
import { type Call, type Handler, inputOf, noContent, ok, type Services } from '../call.js';
import { placeOf } from '../describe.js';
import { conflict, invalidParameter, notFound } from '../errors.js';
import { functionArn, readFunctionName, readUnqualifiedName } from '../names.js';
import { pageAnswer, pageOf } from '../paging.js';

interface Qualified {
  FunctionName: string;
  Qualifier?: string;
  Marker?: string;
  MaxItems?: number;
}

interface EventInvokeInput extends Qualified {
  MaximumRetryAttempts?: number;
  MaximumEventAgeInSeconds?: number;
  DestinationConfig?: { OnSuccess?: { Destination?: string }; OnFailure?: { Destination?: string } };
}

function invokeTarget(services: Services, call: Call): { fn: FunctionRecord; key: string; arn: string } {
  const input = inputOf<Qualified>(call);
  const { name, qualifier = '$LATEST' } = readFunctionName(call.place, input.FunctionName, input.Qualifier);
  const fn = services.store.find(call.place, name);
  if (!fn) throw notFound("The function doesn't exist.");
  return { fn, key: qualifier, arn: functionArn(call.place, name, qualifier) };
}

function describeInvoke(arn: string, record: EventInvokeRecord) {
  const destination = (arn: string | undefined) => (arn === undefined ? {} : { Destination: arn });
  return {
    LastModified: record.modifiedAt / 1000,
    FunctionArn: arn,
    ...(record.maximumRetryAttempts === undefined ? {} : { MaximumRetryAttempts: record.maximumRetryAttempts }),
    ...(record.maximumEventAge === undefined ? {} : { MaximumEventAgeInSeconds: record.maximumEventAge }),
    DestinationConfig: { OnSuccess: destination(record.onSuccess), OnFailure: destination(record.onFailure) },
  };
}

const setEventInvoke =
  (keep: boolean): Handler =>
  (services, call) => {
    const input = inputOf<EventInvokeInput>(call);
    if (!input.MaximumEventAgeInSeconds && input.MaximumRetryAttempts === undefined && !input.DestinationConfig)
      throw invalidParameter('You must specify at least one of error handling or destination setting.');
    const { fn, key, arn } = invokeTarget(services, call);
    if (!resolveIn(fn, key)) throw notFound("The function doesn't exist.");
    const before = fn.eventInvoke[key];
    if (keep && !before) throw notFound(`The function ${arn} doesn't have an EventInvokeConfig`);
    const base: Partial<EventInvokeRecord> = keep ? { ...before } : {};
    const wish = input.DestinationConfig;
    const record: EventInvokeRecord = {
      maximumRetryAttempts: input.MaximumRetryAttempts ?? base.maximumRetryAttempts,
      maximumEventAge: input.MaximumEventAgeInSeconds ?? base.maximumEventAge,
      onSuccess: wish?.OnSuccess ? wish.OnSuccess.Destination || undefined : base.onSuccess,
      onFailure: wish?.OnFailure ? wish.OnFailure.Destination || undefined : base.onFailure,
      modifiedAt: call.now,
    };
    fn.eventInvoke[key] = record;
    return ok(describeInvoke(arn, record));
  };

const getEventInvoke: Handler = (services, call) => {
  const { fn, key, arn } = invokeTarget(services, call);
  const record = fn.eventInvoke[key];
  if (!record) throw notFound(`The function ${arn} doesn't have an EventInvokeConfig`);
  return ok(describeInvoke(arn, record));
};

const deleteEventInvoke: Handler = (services, call) => {
  const { fn, key, arn } = invokeTarget(services, call);
  if (!fn.eventInvoke[key]) throw notFound(`The function ${arn} doesn't have an EventInvokeConfig`);
  delete fn.eventInvoke[key];
  return noContent();
};

const listEventInvoke: Handler = (services, call) => {
  const { fn } = invokeTarget(services, call);
  const rows = Object.entries(fn.eventInvoke).map(([key, record]) =>
    describeInvoke(functionArn(placeOf(fn), fn.name, key), record),
  );
  const page = pageOf(rows, (row) => row.FunctionArn, inputOf<Qualified>(call));
  return ok(pageAnswer('FunctionEventInvokeConfigs', page.items, page.nextMarker));
};

interface UrlInput extends Qualified {
  AuthType?: string;
  Cors?: Record<string, unknown>;
  InvokeMode?: string;
}

function urlTarget(services: Services, call: Call): { fn: FunctionRecord; key: string; arn: string } {
  const input = inputOf<UrlInput>(call);
  const { name, qualifier } = readFunctionName(call.place, input.FunctionName, input.Qualifier);
  const fn = services.store.find(call.place, name);
  if (!fn || !resolveIn(fn, qualifier)) throw notFound('Function does not exist');
  return { fn, key: qualifier ?? '', arn: functionArn(call.place, name, qualifier) };
}

/** Reads always show the invoke mode; the answers to a create or update only when a caller once named it. */
function describeUrl(fn: FunctionRecord, arn: string, url: UrlRecord, shown: 'created' | 'updated' | 'read') {
  const mode = shown === 'read' ? (url.invokeMode ?? 'BUFFERED') : url.invokeMode;
  return {
    FunctionUrl: `https://${url.id}.lambda-url.${fn.region}.on.aws/`,
    FunctionArn: arn,
    AuthType: url.authType,
    ...(url.cors ? { Cors: url.cors } : {}),
    CreationTime: lambdaTime(url.createdAt),
    ...(shown === 'created' ? {} : { LastModifiedTime: lambdaTime(url.modifiedAt) }),
    ...(mode === undefined ? {} : { InvokeMode: mode }),
  };
}

const createUrl: Handler = (services, call) => {
  const input = inputOf<UrlInput & { AuthType: string }>(call);
  const { fn, key, arn } = urlTarget(services, call);
  if (fn.urls[key])
    throw conflict(
      `Failed to create function url config for [functionArn = ${arn}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    );
  const url: UrlRecord = {
    id: BigInt(`0x${randomBytes(20).toString('hex')}`)
      .toString(36)
      .padStart(32, '0')
      .slice(-32),
    authType: input.AuthType,
    cors: input.Cors,
    invokeMode: input.InvokeMode,
    createdAt: call.now,
    modifiedAt: call.now,
  };
  fn.urls[key] = url;
  return ok(describeUrl(fn, arn, url, 'created'), 201);
};

function existingUrl(services: Services, call: Call) {
  const target = urlTarget(services, call);
  const url = target.fn.urls[target.key];
  if (!url) throw notFound('The resource you requested does not exist.');
  return { ...target, url };
}

const updateUrl: Handler = (services, call) => {
  const input = inputOf<UrlInput>(call);
  const { fn, arn, url } = existingUrl(services, call);
  url.authType = input.AuthType ?? url.authType;
  if (input.Cors !== undefined) url.cors = Object.keys(input.Cors).length > 0 ? input.Cors : undefined;
  url.invokeMode = input.InvokeMode ?? url.invokeMode;
  url.modifiedAt = call.now;
  return ok(describeUrl(fn, arn, url, 'updated'));
};

const getUrl: Handler = (services, call) => {
  const { fn, arn, url } = existingUrl(services, call);
  return ok(describeUrl(fn, arn, url, 'read'));
};

const deleteUrl: Handler = (services, call) => {
  const { fn, key } = existingUrl(services, call);
  delete fn.urls[key];
  return noContent();
};

const listUrls: Handler = (services, call) => {
  const input = inputOf<UrlInput>(call);
  const fn = services.store.find(call.place, readFunctionName(call.place, input.FunctionName).name);
  if (!fn) throw notFound('Function does not exist');
  const rows = Object.entries(fn.urls)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, url]) => describeUrl(fn, functionArn(placeOf(fn), fn.name, key || undefined), url, 'read'));
  const page = pageOf(rows, (row) => row.FunctionArn, input);
  return ok(pageAnswer('FunctionUrlConfigs', page.items, page.nextMarker));
};

function plainFunction(services: Services, call: Call): FunctionRecord {
  return services.store.require(call.place, readUnqualifiedName(call.place, inputOf<Qualified>(call).FunctionName));
}

export const sideSettingHandlers: Record<string, Handler> = {
  PutFunctionEventInvokeConfig: setEventInvoke(false),
  UpdateFunctionEventInvokeConfig: setEventInvoke(true),
  GetFunctionEventInvokeConfig: getEventInvoke,
  DeleteFunctionEventInvokeConfig: deleteEventInvoke,
  ListFunctionEventInvokeConfigs: listEventInvoke,
  CreateFunctionUrlConfig: createUrl,
  UpdateFunctionUrlConfig: updateUrl,
  GetFunctionUrlConfig: getUrl,
  DeleteFunctionUrlConfig: deleteUrl,
  ListFunctionUrlConfigs: listUrls,
  GetFunctionCodeSigningConfig: (services, call) => ok({ FunctionName: plainFunction(services, call).name }),
  GetRuntimeManagementConfig: (services, call) => {
    const input = inputOf<Qualified>(call);
    const { name, qualifier } = readFunctionName(call.place, input.FunctionName, input.Qualifier);
    services.store.resolve(call.place, name, qualifier);
    return ok({ UpdateRuntimeOn: 'Auto', FunctionArn: functionArn(call.place, name, qualifier ?? '$LATEST') });
  },
  GetFunctionRecursionConfig: (services, call) => ok({ RecursiveLoop: plainFunction(services, call).recursiveLoop }),
  PutFunctionRecursionConfig: (services, call) => {
    const fn = plainFunction(services, call);
    fn.recursiveLoop = inputOf<{ RecursiveLoop: string }>(call).RecursiveLoop;
    return ok({ RecursiveLoop: fn.recursiveLoop });
  },
};

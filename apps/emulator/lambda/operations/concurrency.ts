import { lambdaTime } from '../../clock.js';
import type { FunctionRecord, ProvisionedRecord } from '../../world/records.js';
import { resolveIn } from '../../world/store.js';
import { type Call, type Handler, inputOf, noContent, ok, type Services } from '../call.js';
import { placeOf } from '../describe.js';
import { invalidParameter, notFound, ServiceError } from '../errors.js';
import { functionArn, isVersionNumber, readFunctionName, readUnqualifiedName } from '../names.js';
import { pageAnswer, pageOf } from '../paging.js';

interface Named {
  FunctionName: string;
}

/** The concurrency limits' own refusals carry no `Type`. */
const limitExceeded = (message: string) =>
  new ServiceError('InvalidParameterValueException', message, 400, 'message', {});

/** What the account has left for functions without a reservation. */
export function unreserved(services: Services, call: Call, except?: string): number {
  const taken = services.store
    .functions(call.place)
    .filter((fn) => fn.name !== except)
    .reduce((sum, fn) => sum + (fn.reserved ?? 0), 0);
  return services.limits.concurrentExecutions - taken;
}

const provisionedOf = (fn: FunctionRecord, except?: string) =>
  Object.entries(fn.provisioned).reduce((sum, [owner, one]) => sum + (owner === except ? 0 : one.requested), 0);

function functionOf(services: Services, call: Call): FunctionRecord {
  const name = readUnqualifiedName(call.place, inputOf<Named>(call).FunctionName);
  return services.store.require(call.place, name, '$LATEST');
}

const putFunctionConcurrency: Handler = (services, call) => {
  const { ReservedConcurrentExecutions: wanted } = inputOf<{ ReservedConcurrentExecutions: number }>(call);
  const fn = functionOf(services, call);
  const least = services.limits.minimumUnreserved;
  if (unreserved(services, call, fn.name) - wanted < least)
    throw limitExceeded(
      `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${least}].`,
    );
  const provisioned = provisionedOf(fn);
  if (provisioned > wanted)
    throw limitExceeded(
      ` ReservedConcurrentExecutions  ${wanted} should not be lower than function's total provisioned concurrency [${provisioned}].`,
    );
  fn.reserved = wanted;
  return ok({ ReservedConcurrentExecutions: wanted });
};

const deleteFunctionConcurrency: Handler = (services, call) => {
  functionOf(services, call).reserved = undefined;
  return noContent();
};

const getFunctionConcurrency: Handler = (services, call) => {
  const { reserved } = functionOf(services, call);
  return ok(reserved === undefined ? {} : { ReservedConcurrentExecutions: reserved });
};

const getAccountSettings: Handler = (services, call) => {
  const functions = services.store.functions(call.place);
  const sizes = functions.flatMap((fn) => [fn.latest, ...Object.values(fn.versions)].map((v) => v.settings.codeSize));
  return ok({
    AccountLimit: {
      TotalCodeSize: 80_530_636_800,
      CodeSizeUnzipped: 262_144_000,
      CodeSizeZipped: 52_428_800,
      ConcurrentExecutions: services.limits.concurrentExecutions,
      UnreservedConcurrentExecutions: unreserved(services, call),
    },
    AccountUsage: { TotalCodeSize: sizes.reduce((a, b) => a + b, 0), FunctionCount: functions.length },
  });
};

interface ProvisionedInput extends Named {
  Qualifier?: string;
  ProvisionedConcurrentExecutions: number;
  Marker?: string;
  MaxItems?: number;
}

function provisionedTarget(services: Services, call: Call, onLatest: string) {
  const input = inputOf<ProvisionedInput>(call);
  const { name, qualifier } = readFunctionName(call.place, input.FunctionName, input.Qualifier);
  if (qualifier === undefined || qualifier === '$LATEST') throw invalidParameter(onLatest);
  const fn = services.store.find(call.place, name);
  const resolved = fn && resolveIn(fn, qualifier);
  const arn = functionArn(call.place, name, qualifier);
  if (!fn || !resolved)
    throw notFound(isVersionNumber(qualifier) ? `Function not found: ${arn}` : `Cannot find alias arn: ${arn}`);
  return { fn, qualifier, resolved };
}

const UNPUBLISHED = 'The function resource provided must be an alias or a published version.';

function describeProvisioned(record: ProvisionedRecord, now: number) {
  const ready = now >= record.readyAt;
  const serving = ready ? record.requested : 0;
  return {
    RequestedProvisionedConcurrentExecutions: record.requested,
    AvailableProvisionedConcurrentExecutions: serving,
    AllocatedProvisionedConcurrentExecutions: serving,
    Status: ready ? 'READY' : 'IN_PROGRESS',
    LastModified: lambdaTime(record.modifiedAt),
  };
}

function checkProvisionedRoom(services: Services, call: Call, fn: FunctionRecord, qualifier: string, wanted: number) {
  const total = provisionedOf(fn, qualifier) + wanted;
  if (fn.reserved !== undefined) {
    if (total > fn.reserved)
      throw invalidParameter(
        'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function',
      );
    return;
  }
  const free = unreserved(services, call);
  const least = services.limits.minimumUnreserved;
  if (wanted > free)
    throw limitExceeded(
      `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${free}].`,
    );
  if (free - wanted < least)
    throw limitExceeded(
      `Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${least}].`,
    );
}

const putProvisioned: Handler = (services, call) => {
  const { ProvisionedConcurrentExecutions: wanted } = inputOf<ProvisionedInput>(call);
  const { fn, qualifier, resolved } = provisionedTarget(
    services,
    call,
    'Provisioned Concurrency Configs cannot be applied to unpublished function versions.',
  );
  if (resolved.version.version === '$LATEST')
    throw invalidParameter('Provisioned Concurrency Configs cannot be applied to unpublished function versions.');
  if (resolved.alias && Object.keys(resolved.alias.weights).length > 0)
    throw invalidParameter('Alias with weights can not be used with Provisioned Concurrency');
  checkProvisionedRoom(services, call, fn, qualifier, wanted);
  const readyAt = call.now + (call.effect.settleMs ?? services.settleMs());
  const record: ProvisionedRecord = { requested: wanted, modifiedAt: call.now, readyAt };
  fn.provisioned[qualifier] = record;
  return ok(describeProvisioned(record, call.now), 202);
};

const getProvisioned: Handler = (services, call) => {
  const { fn, qualifier } = provisionedTarget(services, call, UNPUBLISHED);
  const record = fn.provisioned[qualifier];
  if (!record)
    throw new ServiceError(
      'ProvisionedConcurrencyConfigNotFoundException',
      'No Provisioned Concurrency Config found for this function',
      404,
    );
  return ok(describeProvisioned(record, call.now));
};

const deleteProvisioned: Handler = (services, call) => {
  const { fn, qualifier } = provisionedTarget(services, call, UNPUBLISHED);
  delete fn.provisioned[qualifier];
  return noContent();
};

const listProvisioned: Handler = (services, call) => {
  const input = inputOf<ProvisionedInput>(call);
  const fn = services.store.require(call.place, readUnqualifiedName(call.place, input.FunctionName));
  const rows = Object.entries(fn.provisioned)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([qualifier, record]) => ({
      FunctionArn: functionArn(placeOf(fn), fn.name, qualifier),
      ...describeProvisioned(record, call.now),
    }));
  const page = pageOf(rows, (row) => row.FunctionArn, input);
  return ok(pageAnswer('ProvisionedConcurrencyConfigs', page.items, page.nextMarker));
};

export const concurrencyHandlers: Record<string, Handler> = {
  PutFunctionConcurrency: putFunctionConcurrency,
  DeleteFunctionConcurrency: deleteFunctionConcurrency,
  GetFunctionConcurrency: getFunctionConcurrency,
  GetAccountSettings: getAccountSettings,
  PutProvisionedConcurrencyConfig: putProvisioned,
  GetProvisionedConcurrencyConfig: getProvisioned,
  DeleteProvisionedConcurrencyConfig: deleteProvisioned,
  ListProvisionedConcurrencyConfigs: listProvisioned,
};

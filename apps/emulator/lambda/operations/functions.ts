import type { FunctionRecord, Settings } from '../../world/records.js';
import { type Resolved, resolveIn } from '../../world/store.js';
import { type Answer, type Call, type Handler, inputOf, ok, type Services } from '../call.js';
import { pendingVersion, publish } from '../changes.js';
import { acceptPackage, type CodeInput, type Package } from '../deployment-package.js';
import { describeListed, describeVersion } from '../describe.js';
import { conflict, invalidParameter, notFound } from '../errors.js';
import { functionArn, isVersionNumber, readFunctionName } from '../names.js';
import { pageAnswer, pageOf } from '../paging.js';
import { type ConfigurationInput, initialLogging, settingsAfter } from '../settings.js';
import { checkTagCount } from './tags.js';

interface CreateInput extends ConfigurationInput {
  FunctionName: string;
  Role: string;
  Code: CodeInput;
  Publish?: boolean;
  PackageType?: 'Zip' | 'Image';
  Architectures?: string[];
  Tags?: Record<string, string>;
}

interface Qualified {
  FunctionName: string;
  Qualifier?: string;
}

/** The rules that tie package type, code and runtime together. */
function checkPackageRules(input: CreateInput): void {
  if (input.PackageType === 'Image') {
    if (input.Runtime !== undefined || input.Handler !== undefined || input.Layers !== undefined)
      throw invalidParameter(
        "Please don't provide Runtime, Handler or Layers when the intended function PackageType is Image.",
      );
    if (input.Code.ImageUri === undefined)
      throw invalidParameter('Please provide ImageUri when creating a function with packageType Image.');
    return;
  }
  if (input.Code.ImageUri !== undefined)
    throw invalidParameter("Please don't provide ImageUri when creating a function with packageType Zip.");
  if (input.Runtime === undefined || input.Handler === undefined)
    throw invalidParameter(
      'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
    );
}

function initialSettings(name: string, input: CreateInput, code: Package): Settings {
  return {
    packageType: input.PackageType ?? 'Zip',
    role: input.Role,
    description: '',
    timeout: 3,
    memorySize: 128,
    tracingMode: 'PassThrough',
    layers: [],
    fileSystems: [],
    architectures: input.Architectures ?? ['x86_64'],
    ephemeralStorage: 512,
    snapStart: 'None',
    logging: initialLogging(name),
    ...code,
  };
}

const NO_CODE: Package = { codeSha256: '', codeSize: 0 };

const createFunction: Handler = async (services, call) => {
  const input = inputOf<CreateInput>(call);
  const { name } = readFunctionName(call.place, input.FunctionName);
  checkPackageRules(input);
  checkTagCount(input.Tags ?? {});
  const draft = settingsAfter(call.place, initialSettings(name, input, NO_CODE), input);
  refuseTwin(services, call, name);
  const code = await acceptPackage(services, input.Code, true);
  // The name may have been taken while the package was read.
  refuseTwin(services, call, name);
  const fn: FunctionRecord = {
    name,
    account: call.place.account,
    region: call.place.region,
    latest: pendingVersion(services, call, '$LATEST', { ...draft, ...code }),
    versions: {},
    nextVersion: 1,
    aliases: {},
    policies: {},
    tags: input.Tags ?? {},
    provisioned: {},
    urls: {},
    eventInvoke: {},
    recursiveLoop: 'Terminate',
  };
  services.store.place(call.place).functions[name] = fn;
  const shown = input.Publish ? publish(services, call, fn, { together: true }) : fn.latest;
  return ok(describeVersion(fn, shown), 201);
};

function refuseTwin(services: Services, call: Call, name: string): void {
  if (services.store.find(call.place, name)) throw conflict(`Function already exist: ${name}`);
}

/** The version a read is about; a stale read sees the function before its latest change. */
function look(services: Services, call: Call): Resolved & { qualifier: string | undefined } {
  const input = inputOf<Qualified>(call);
  const { name, qualifier } = readFunctionName(call.place, input.FunctionName, input.Qualifier);
  const past = call.stale ? services.store.remembered(call.place, name) : undefined;
  const resolved = (past && resolveIn(past, qualifier)) ?? services.store.resolve(call.place, name, qualifier);
  return { ...resolved, qualifier };
}

const getFunction: Handler = (services, call) => {
  const { fn, version, qualifier } = look(services, call);
  const settings = version.settings;
  const code =
    settings.codeKey === undefined
      ? {
          RepositoryType: 'ECR',
          ImageUri: settings.imageUri,
          ResolvedImageUri: `${settings.imageUri?.replace(/(:[^:/@]+)?(@.*)?$/, '')}@sha256:${settings.codeSha256}`,
        }
      : { RepositoryType: 'S3', Location: services.downloadLink(call, settings.codeKey) };
  return ok({
    Configuration: describeVersion(fn, version, qualifier),
    Code: code,
    ...(Object.keys(fn.tags).length > 0 ? { Tags: fn.tags } : {}),
    ...(fn.reserved !== undefined && qualifier === undefined
      ? { Concurrency: { ReservedConcurrentExecutions: fn.reserved } }
      : {}),
  });
};

const getFunctionConfiguration: Handler = (services, call) => {
  const { fn, version, qualifier } = look(services, call);
  return ok(describeVersion(fn, version, qualifier));
};

const listFunctions: Handler = (services, call) => {
  const input = inputOf<{ FunctionVersion?: 'ALL'; MasterRegion?: string; Marker?: string; MaxItems?: number }>(call);
  const functions = services.store.functions(call.place).sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = functions.flatMap((fn) =>
    input.FunctionVersion === 'ALL'
      ? [
          describeListed(fn, fn.latest, '$LATEST'),
          ...Object.values(fn.versions).map((v) => describeListed(fn, v, v.version)),
        ]
      : [describeListed(fn, fn.latest)],
  );
  const page = pageOf(rows, (row) => String(row['FunctionArn']), input);
  return ok(pageAnswer('Functions', page.items, page.nextMarker));
};

const deleteFunction: Handler = (services, call): Answer => {
  const input = inputOf<Qualified>(call);
  const { name, qualifier } = readFunctionName(call.place, input.FunctionName, input.Qualifier);
  if (qualifier === '$LATEST')
    throw invalidParameter('$LATEST version cannot be deleted without deleting the function.');
  if (qualifier !== undefined && /^[a-zA-Z0-9-_]+$/.test(qualifier) && !isVersionNumber(qualifier))
    throw invalidParameter('Deletion of aliases is not currently supported.');
  const fn = services.store.find(call.place, name);
  if (!fn) throw notFound(`Function not found: ${functionArn(call.place, name)}`);
  if (qualifier === undefined) {
    delete services.store.place(call.place).functions[name];
    services.functionChanged(fn);
  } else deleteVersion(services, fn, qualifier);
  return { status: 204 };
};

function deleteVersion(services: Services, fn: FunctionRecord, qualifier: string): void {
  const users = Object.values(fn.aliases)
    .filter((alias) => alias.functionVersion === qualifier || qualifier in alias.weights)
    .map((alias) => alias.name);
  if (users.length > 0)
    throw conflict(`Unable to delete version because the following aliases reference it: [${users.join(', ')}]`);
  delete fn.versions[qualifier];
  delete fn.policies[qualifier];
  delete fn.provisioned[qualifier];
  delete fn.eventInvoke[qualifier];
  services.functionChanged(fn);
}

export const functionHandlers: Record<string, Handler> = {
  CreateFunction: createFunction,
  GetFunction: getFunction,
  GetFunctionConfiguration: getFunctionConfiguration,
  ListFunctions: listFunctions,
  DeleteFunction: deleteFunction,
};

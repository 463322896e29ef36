import type { FunctionRecord, Settings } from '../../world/records.js';
import { type Call, type Handler, inputOf, ok } from '../call.js';
import { beginUpdate, publish, requireRevision, requireSettled } from '../changes.js';
import { acceptPackage, type CodeInput } from '../deployment-package.js';
import { describeVersion } from '../describe.js';
import { invalidParameter } from '../errors.js';
import { readUnqualifiedName } from '../names.js';
import { type ConfigurationInput, settingsAfter } from '../settings.js';

interface CodeUpdate extends CodeInput {
  FunctionName: string;
  Architectures?: string[];
  Publish?: boolean;
  DryRun?: boolean;
  RevisionId?: string;
}

function checkSource(fn: FunctionRecord, input: CodeUpdate): void {
  const zip = input.ZipFile !== undefined || input.S3Bucket !== undefined || input.S3Key !== undefined;
  if (fn.latest.settings.packageType === 'Image') {
    if (zip) throw invalidParameter("Please don't provide ZipFile when updating a function with packageType Image.");
    if (input.ImageUri === undefined)
      throw invalidParameter('Please provide ImageUri when updating a function with packageType Image.');
  } else if (input.ImageUri !== undefined)
    throw invalidParameter("Please don't provide ImageUri when updating a function with packageType Zip.");
}

const updateFunctionCode: Handler = async (services, call) => {
  const input = inputOf<CodeUpdate>(call);
  const name = readUnqualifiedName(call.place, input.FunctionName, true);
  const find = () => services.store.require(call.place, name);
  checkSource(find(), input);
  guard(call, find(), input.RevisionId);
  const code = await acceptPackage(services, input, !input.DryRun);
  // Reading the package takes time; what was true before it has to be true still.
  const fn = find();
  guard(call, fn, input.RevisionId);
  const settings: Settings = {
    ...fn.latest.settings,
    ...code,
    architectures: input.Architectures ?? fn.latest.settings.architectures,
  };
  if (input.DryRun) return ok(describeVersion(fn, { ...fn.latest, settings }));
  beginUpdate(services, call, fn, settings);
  if (!input.Publish) return ok(describeVersion(fn, fn.latest));
  const version = publish(services, call, fn, { together: true });
  return ok(describeVersion(fn, version, version.version));
};

function guard(call: Call, fn: FunctionRecord, revisionId: string | undefined): void {
  requireRevision(revisionId, fn.latest.revisionId);
  requireSettled(call, fn);
}

const updateFunctionConfiguration: Handler = (services, call) => {
  const input = inputOf<ConfigurationInput & { FunctionName: string; RevisionId?: string }>(call);
  const name = readUnqualifiedName(call.place, input.FunctionName, true);
  const fn = services.store.require(call.place, name);
  const settings = settingsAfter(call.place, fn.latest.settings, input);
  guard(call, fn, input.RevisionId);
  beginUpdate(services, call, fn, settings);
  return ok(describeVersion(fn, fn.latest));
};

export const updateHandlers: Record<string, Handler> = {
  UpdateFunctionCode: updateFunctionCode,
  UpdateFunctionConfiguration: updateFunctionConfiguration,
};

import { type Handler, inputOf, ok } from '../call.js';
import { publish, requireRevision, requireSettled } from '../changes.js';
import { describeListed, describeVersion } from '../describe.js';
import { invalidParameter } from '../errors.js';
import { readFunctionName, readUnqualifiedName } from '../names.js';
import { pageAnswer, pageOf } from '../paging.js';

const publishVersion: Handler = (services, call) => {
  const input = inputOf<{ FunctionName: string; CodeSha256?: string; Description?: string; RevisionId?: string }>(call);
  const name = readUnqualifiedName(call.place, input.FunctionName, true);
  const fn = services.store.require(call.place, name);
  requireRevision(input.RevisionId, fn.latest.revisionId);
  requireSettled(call, fn);
  const actual = fn.latest.settings.codeSha256;
  if (input.CodeSha256 && input.CodeSha256 !== actual)
    throw invalidParameter(
      `CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${actual}). Please try again with the CodeSHA256 in $LATEST.`,
    );
  const version = publish(services, call, fn, { description: input.Description, together: false });
  return ok(describeVersion(fn, version, version.version), 201);
};

const listVersionsByFunction: Handler = (services, call) => {
  const input = inputOf<{ FunctionName: string; Marker?: string; MaxItems?: number }>(call);
  const { name } = readFunctionName(call.place, input.FunctionName);
  const fn = services.store.require(call.place, name);
  const all = [fn.latest, ...Object.values(fn.versions).sort((a, b) => Number(a.version) - Number(b.version))];
  const page = pageOf(all, (version) => version.version, input);
  const rows = page.items.map((version) => describeListed(fn, version, version.version));
  return ok(pageAnswer('Versions', rows, page.nextMarker));
};

export const versionHandlers: Record<string, Handler> = {
  PublishVersion: publishVersion,
  ListVersionsByFunction: listVersionsByFunction,
};

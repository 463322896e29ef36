import type { MappingRecord } from '../../world/records.js';
import { type Call, type Handler, inputOf, noContent, ok, type Services } from '../call.js';
import { invalidParameter, notFound } from '../errors.js';
import { functionArn, readFunctionName } from '../names.js';

const TAG_LIMIT = 50;

export function checkTagCount(tags: Record<string, string>): void {
  if (Object.keys(tags).length > TAG_LIMIT) throw invalidParameter('Number of tags exceeds resource tag limit.');
}

/** Whatever carries tags: a function or an event source mapping. */
function taggable(services: Services, call: Call): { tags: Record<string, string> } {
  const { Resource: arn } = inputOf<{ Resource: string }>(call);
  const [, , , region, account, kind, id = '', qualifier] = arn.split(':');
  if (kind === 'function') {
    if (qualifier !== undefined)
      throw invalidParameter('Tags on function aliases and versions are not supported. Please specify a function ARN.');
    const { name } = readFunctionName(call.place, arn);
    const fn = services.store.find(call.place, name);
    if (!fn) throw notFound(`Function not found: ${functionArn(call.place, name)}`);
    return fn;
  }
  const here = region === call.place.region && account === call.place.account;
  if (kind === 'event-source-mapping')
    return taggedMapping(here ? services.store.place(call.place).mappings[id] : undefined, arn);
  throw notFound(`${SPOKEN[kind ?? ''] ?? 'Resource'} not found: ${arn}`);
}

const SPOKEN: Record<string, string> = {
  'capacity-provider': 'Capacity provider',
  'code-signing-config': 'Code signing config',
  layer: 'Layer',
};

function taggedMapping(mapping: MappingRecord | undefined, arn: string): MappingRecord {
  if (!mapping) throw notFound(`Event source mapping not found: ${arn}`);
  return mapping;
}

const tagResource: Handler = (services, call) => {
  const { Tags } = inputOf<{ Tags: Record<string, string> }>(call);
  const resource = taggable(services, call);
  if (Object.keys(Tags).length === 0) throw invalidParameter('An error occurred and the request cannot be processed.');
  const tags = { ...resource.tags, ...Tags };
  checkTagCount(tags);
  resource.tags = tags;
  return noContent();
};

const untagResource: Handler = (services, call) => {
  const { TagKeys } = inputOf<{ TagKeys: string[] }>(call);
  const resource = taggable(services, call);
  for (const key of TagKeys) delete resource.tags[key];
  return noContent();
};

const listTags: Handler = (services, call) => ok({ Tags: taggable(services, call).tags });

export const tagHandlers: Record<string, Handler> = {
  TagResource: tagResource,
  UntagResource: untagResource,
  ListTags: listTags,
};

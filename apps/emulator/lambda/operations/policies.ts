import { randomUUID } from 'node:crypto';
import type { AliasRecord, FunctionRecord, PolicyRecord, Statement, VersionRecord } from '../../world/records.js';
import { resolveIn } from '../../world/store.js';
import { type Call, type Handler, inputOf, noContent, ok, type Services } from '../call.js';
import { conflict, invalidParameter, notFound, preconditionFailed, ServiceError } from '../errors.js';
import { type FunctionName, functionArn, isVersionNumber, partitionOf, readFunctionName } from '../names.js';

interface PermissionInput {
  FunctionName: string;
  Qualifier?: string;
  StatementId: string;
  Action: string;
  Principal: string;
  SourceArn?: string;
  SourceAccount?: string;
  EventSourceToken?: string;
  FunctionUrlAuthType?: string;
  InvokedViaFunctionUrl?: boolean;
  PrincipalOrgID?: string;
  RevisionId?: string;
}

const POLICY_LIMIT = 20_480;

/** A function, version or alias that a policy hangs on. */
interface Holder {
  fn: FunctionRecord;
  /** The key of its policy. */
  key: string;
  /** Whose RevisionId a change of the policy may name, and moves. */
  target: VersionRecord | AliasRecord;
  arn: string;
}

const looksLikeAlias = (qualifier: string) => /^[a-zA-Z0-9-_]+$/.test(qualifier) && !isVersionNumber(qualifier);

function holderOf(services: Services, call: Call, { name, qualifier }: FunctionName): Holder {
  const arn = functionArn(call.place, name, qualifier);
  const fn = services.store.find(call.place, name);
  const resolved = fn && resolveIn(fn, qualifier);
  if (!fn || !resolved) {
    const alias = qualifier !== undefined && looksLikeAlias(qualifier);
    throw notFound(alias ? `Cannot find alias arn: ${arn}` : `Function not found: ${arn}`);
  }
  return { fn, key: qualifier ?? '', target: resolved.alias ?? resolved.version, arn };
}

function principalOf(call: Call, principal: string): Statement['Principal'] {
  const partition = partitionOf(call.place.region);
  if (principal === '*') return '*';
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:${partition}:iam::${principal}:root` };
  if (/^arn:[^:]+:(iam|sts)::/.test(principal)) return { AWS: principal };
  if (/^[a-z0-9.-]+\.amazon(aws)?\.com(\.cn)?$/.test(principal)) return { Service: principal };
  throw invalidParameter('The provided principal was invalid. Please check the principal and try again.');
}

function conditionOf(input: PermissionInput): Statement['Condition'] {
  const equal: Record<string, string> = {};
  if (input.SourceAccount !== undefined) equal['AWS:SourceAccount'] = input.SourceAccount;
  if (input.EventSourceToken !== undefined) equal['lambda:EventSourceToken'] = input.EventSourceToken;
  if (input.FunctionUrlAuthType !== undefined) equal['lambda:FunctionUrlAuthType'] = input.FunctionUrlAuthType;
  if (input.PrincipalOrgID !== undefined) equal['aws:PrincipalOrgID'] = input.PrincipalOrgID;
  const condition: NonNullable<Statement['Condition']> = {};
  if (Object.keys(equal).length > 0) condition['StringEquals'] = equal;
  if (input.InvokedViaFunctionUrl !== undefined)
    condition['Bool'] = { 'lambda:InvokedViaFunctionUrl': String(input.InvokedViaFunctionUrl) };
  if (input.SourceArn !== undefined) condition['ArnLike'] = { 'AWS:SourceArn': input.SourceArn };
  return Object.keys(condition).length > 0 ? condition : undefined;
}

function checkRevision(holder: Holder, policy: PolicyRecord | undefined, wanted: string | undefined): void {
  if (wanted === undefined || wanted === holder.target.revisionId || wanted === policy?.revisionId) return;
  throw preconditionFailed('GetPolicy');
}

/** A changed policy is a change of what it hangs on: both move to one new RevisionId. */
function moveOn(holder: Holder, policy: PolicyRecord): void {
  const revision = randomUUID();
  policy.revisionId = revision;
  holder.target.revisionId = revision;
}

const addPermission: Handler = (services, call) => {
  const input = inputOf<PermissionInput>(call);
  const name = readFunctionName(call.place, input.FunctionName, input.Qualifier);
  if (name.qualifier === '$LATEST') throw invalidParameter('We currently do not support adding policies for $LATEST.');
  if (input.FunctionUrlAuthType !== undefined && input.Action !== 'lambda:InvokeFunctionUrl')
    throw invalidParameter('FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action');
  const principal = principalOf(call, input.Principal);
  const holder = holderOf(services, call, name);
  const policy = holder.fn.policies[holder.key] ?? { revisionId: '', statements: [] };
  checkRevision(holder, policy, input.RevisionId);
  if (policy.statements.some((statement) => statement.Sid === input.StatementId))
    throw conflict(
      `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  const condition = conditionOf(input);
  const statement: Statement = {
    Sid: input.StatementId,
    Effect: 'Allow',
    Principal: principal,
    Action: input.Action,
    Resource: holder.arn,
    ...(condition ? { Condition: condition } : {}),
  };
  const statements = [...policy.statements, statement];
  if (policyText(statements).length > POLICY_LIMIT)
    throw new ServiceError(
      'PolicyLengthExceededException',
      `The final policy size (${policyText(statements).length}) is bigger than the limit (${POLICY_LIMIT}).`,
      400,
    );
  policy.statements = statements;
  holder.fn.policies[holder.key] = policy;
  moveOn(holder, policy);
  return ok({ Statement: JSON.stringify(statement) }, 201);
};

const policyText = (statements: Statement[]) =>
  JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements });

const removePermission: Handler = (services, call) => {
  const input = inputOf<PermissionInput>(call);
  const name = readFunctionName(call.place, input.FunctionName, input.Qualifier);
  if (!services.store.find(call.place, name.name))
    throw notFound(`No policy found for: ${functionArn(call.place, name.name, name.qualifier)}`);
  const holder = holderOf(services, call, name);
  const policy = holder.fn.policies[holder.key];
  if (!policy) throw notFound('No policy is associated with the given resource.');
  const rest = policy.statements.filter((statement) => statement.Sid !== input.StatementId);
  if (rest.length === policy.statements.length)
    throw notFound(`Statement ${input.StatementId} is not found in resource policy.`);
  checkRevision(holder, policy, input.RevisionId);
  policy.statements = rest;
  moveOn(holder, policy);
  if (rest.length === 0) delete holder.fn.policies[holder.key];
  return noContent();
};

const getPolicy: Handler = (services, call) => {
  const input = inputOf<PermissionInput>(call);
  const { name, qualifier } = readFunctionName(call.place, input.FunctionName, input.Qualifier);
  const policy = services.store.find(call.place, name)?.policies[qualifier ?? ''];
  if (!policy) throw notFound('The resource you requested does not exist.');
  return ok({ Policy: policyText(policy.statements), RevisionId: policy.revisionId });
};

export const policyHandlers: Record<string, Handler> = {
  AddPermission: addPermission,
  RemovePermission: removePermission,
  GetPolicy: getPolicy,
};

import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as sdk from '@aws-sdk/client-lambda';
import type { Endpoint } from './endpoint.js';
import { packageNumber } from './package-zip.js';
import { ANYTHING, accepts, type Case, type Expectation, type Given, isRefusal, type Step, settles } from './table.js';

const PREFIX = 'sluice-conformance-';
const PATIENCE_MS = 30_000;
/** On our own emulator, getting ready is quick, and what a case looks at stays visible long enough for a busy machine. */
const PREPARING_MS = 10;
const VISIBLE_MS = 600;

type Values = Record<string, unknown>;

interface Reply {
  status: number;
  error?: { code: string; message: string };
  body: Values;
}

const CREATE = accepts('CreateFunction', {
  FunctionName: '{fn}',
  Runtime: 'nodejs20.x',
  Handler: 'index.handler',
  Role: '{role}',
  Code: { ZipFile: '{zip:1}' },
  Timeout: 5,
});
const ACTIVE = settles(
  'GetFunctionConfiguration',
  { FunctionName: '{fn}' },
  { State: 'Active', LastUpdateStatus: 'Successful' },
  { latestRevision: 'RevisionId', sha: 'CodeSha256' },
);
const PUBLISH = accepts('PublishVersion', { FunctionName: '{fn}' });
const CHANGE = accepts('UpdateFunctionCode', { FunctionName: '{fn}', ZipFile: '{zip:2}' });
const ALIAS = accepts(
  'CreateAlias',
  { FunctionName: '{fn}', Name: 'live', FunctionVersion: '1' },
  {},
  { keep: { aliasRevision: 'RevisionId' } },
);
const WEIGHTED = accepts(
  'CreateAlias',
  { FunctionName: '{fn}', Name: 'live', FunctionVersion: '1', RoutingConfig: { AdditionalVersionWeights: { 2: 0.1 } } },
  {},
  { keep: { aliasRevision: 'RevisionId' } },
);

const PREPARATION: Record<Given, Step[]> = {
  nothing: [],
  function: [CREATE, ACTIVE],
  version: [CREATE, ACTIVE, PUBLISH, ACTIVE],
  'two versions': [CREATE, ACTIVE, PUBLISH, CHANGE, ACTIVE, PUBLISH, ACTIVE],
  alias: [CREATE, ACTIVE, PUBLISH, CHANGE, ACTIVE, PUBLISH, ALIAS, ACTIVE],
  'weighted alias': [CREATE, ACTIVE, PUBLISH, CHANGE, ACTIVE, PUBLISH, WEIGHTED, ACTIVE],
};

/** Runs one case from its given state to its last step, and removes what it made, whatever happened. */
export async function runCase(endpoint: Endpoint, one: Case): Promise<void> {
  const fn = `${PREFIX}${randomBytes(6).toString('hex')}`;
  const { account, region, role } = endpoint;
  const values: Values = { fn, account, region, role, arn: `arn:aws:lambda:${region}:${account}:function:${fn}` };
  try {
    await endpoint.settleWithin(PREPARING_MS);
    for (const step of PREPARATION[one.given]) await perform(endpoint, step, values);
    await endpoint.settleWithin(VISIBLE_MS);
    for (const step of one.steps) await perform(endpoint, step, values);
  } finally {
    await send(endpoint, 'DeleteFunction', { FunctionName: fn });
  }
}

async function perform(endpoint: Endpoint, step: Step, values: Values): Promise<void> {
  const input = (await fill(step.input, values)) as Values;
  const expectation = (await fill(step.expect, values)) as Expectation;
  const deadline = performance.now() + PATIENCE_MS;
  let reply = await send(endpoint, step.call, input);
  while (step.until && problems(expectation, reply, values).length > 0 && performance.now() < deadline) {
    await pause(endpoint.kind === 'aws' ? 500 : 25);
    reply = await send(endpoint, step.call, input);
  }
  const found = problems(expectation, reply, values);
  if (found.length > 0) throw new Error(`${step.call}: ${found.join('\n  ')}\n  answer: ${JSON.stringify(reply)}`);
  for (const [name, path] of Object.entries(step.keep ?? {})) values[name] = at(reply.body, path);
}

type AnyCommand = Parameters<sdk.LambdaClient['send']>[0];

async function send(endpoint: Endpoint, call: string, input: Values): Promise<Reply> {
  const Command = (sdk as unknown as Record<string, new (input: Values) => AnyCommand>)[`${call}Command`];
  if (!Command) throw new Error(`The SDK knows no ${call}`);
  try {
    const { $metadata, ...body } = (await endpoint.lambda.send(new Command(input))) as unknown as Values & {
      $metadata: { httpStatusCode?: number };
    };
    return { status: $metadata.httpStatusCode ?? 0, body: readable(body) };
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    if (!$metadata?.httpStatusCode) throw error;
    return { status: $metadata.httpStatusCode, error: { code: name, message }, body: {} };
  }
}

/** Payloads as JSON, so that expectations can look into them. */
function readable(body: Values): Values {
  const payload = body['Payload'];
  if (!(payload instanceof Uint8Array)) return body;
  const text = Buffer.from(payload).toString('utf8');
  return { ...body, Payload: text === '' ? '' : JSON.parse(text) };
}

function problems(expectation: Expectation, reply: Reply, values: Values): string[] {
  if (isRefusal(expectation)) return refusalProblems(expectation, reply);
  if (reply.error) return [`refused with ${reply.error.code}: ${reply.error.message}`];
  const found: string[] = [];
  if (expectation.status !== undefined && expectation.status !== reply.status)
    found.push(`status ${reply.status} instead of ${expectation.status}`);
  for (const [path, wanted] of Object.entries(expectation.has ?? {})) {
    const actual = at(reply.body, path);
    if (wanted === ANYTHING ? actual === undefined : JSON.stringify(actual) !== JSON.stringify(wanted))
      found.push(`${path} is ${JSON.stringify(actual)} instead of ${JSON.stringify(wanted)}`);
  }
  for (const path of expectation.lacks ?? [])
    if (at(reply.body, path) !== undefined)
      found.push(`${path} should be absent, not ${JSON.stringify(at(reply.body, path))}`);
  for (const [path, name] of Object.entries(expectation.differs ?? {}))
    if (at(reply.body, path) === values[name]) found.push(`${path} should no longer be ${String(values[name])}`);
  return found;
}

function refusalProblems(expectation: Extract<Expectation, { refused: string }>, reply: Reply): string[] {
  if (!reply.error) return [`accepted with ${reply.status} instead of ${expectation.refused}`];
  const found: string[] = [];
  if (reply.error.code !== expectation.refused) found.push(`${reply.error.code} instead of ${expectation.refused}`);
  if (reply.status !== expectation.status) found.push(`status ${reply.status} instead of ${expectation.status}`);
  if (expectation.says !== undefined && !reply.error.message.includes(expectation.says))
    found.push(`"${reply.error.message}" does not say "${expectation.says}"`);
  return found;
}

/** `Versions.length` and `Aliases.0.Name` work as in the language. */
function at(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node == null ? undefined : (node as Values)[key]), value);
}

async function fill(value: unknown, values: Values): Promise<unknown> {
  if (typeof value === 'string') return fillText(value, values);
  if (Array.isArray(value)) return Promise.all(value.map((one) => fill(one, values)));
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array || value instanceof Date) return value;
  const entries = Object.entries(value).map(async ([key, one]) => [
    String(fillName(key, values)),
    await fill(one, values),
  ]);
  return Object.fromEntries(await Promise.all(entries));
}

async function fillText(text: string, values: Values): Promise<unknown> {
  const zip = /^\{zip:(\w+)\}$/.exec(text)?.[1];
  if (zip) return packageNumber(zip);
  const whole = /^\{(\w+)\}$/.exec(text)?.[1];
  if (whole && whole in values) return values[whole];
  return fillName(text, values);
}

const fillName = (text: string, values: Values) =>
  text.replace(/\{(\w+)\}/g, (found, name: string) => (name in values ? String(values[name]) : found));

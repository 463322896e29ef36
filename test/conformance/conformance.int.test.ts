import { cases } from './cases/index.js';
import { type Endpoint, openEndpoint } from './endpoint.js';
import { runCase } from './run-case.js';

const THIRTY = [
  ...['AddPermission', 'CreateAlias', 'CreateEventSourceMapping', 'CreateFunction', 'DeleteAlias'],
  ...['DeleteEventSourceMapping', 'DeleteFunction', 'DeleteFunctionConcurrency', 'GetAccountSettings', 'GetAlias'],
  ...['GetEventSourceMapping', 'GetFunction', 'GetFunctionConfiguration', 'GetPolicy', 'Invoke', 'InvokeAsync'],
  ...[
    'ListAliases',
    'ListEventSourceMappings',
    'ListFunctions',
    'ListTags',
    'ListVersionsByFunction',
    'PublishVersion',
  ],
  ...['PutFunctionConcurrency', 'RemovePermission', 'TagResource', 'UntagResource', 'UpdateAlias'],
  ...['UpdateEventSourceMapping', 'UpdateFunctionCode', 'UpdateFunctionConfiguration'],
];

/** The only one of the thirty that cannot be refused for what the caller asks. */
const NEVER_REFUSED = ['GetAccountSettings'];
const PAGED = ['ListAliases', 'ListEventSourceMappings', 'ListFunctions', 'ListVersionsByFunction'];

let endpoint: Endpoint;
beforeAll(async () => {
  endpoint = await openEndpoint();
});
afterAll(() => endpoint.close());

const having = (kind: string) => new Set(cases.filter((one) => one.kind === kind).map((one) => one.operation));

test('each of the thirty operations has cases for success, for refusal, and for paging where it pages', () => {
  expect(THIRTY.filter((name) => !having('success').has(name))).toEqual([]);
  expect(THIRTY.filter((name) => !having('refusal').has(name) && !NEVER_REFUSED.includes(name))).toEqual([]);
  expect(PAGED.filter((name) => !having('paging').has(name))).toEqual([]);
});

const foreign = process.env['CONFORMANCE_ENDPOINT'] !== undefined;
const runnable = cases.filter((one) => !(foreign && one.ownEndpointOnly));

test.each(runnable.map((one) => [one.operation, one.kind, one.title, one] as const))(
  '%s, %s: %s',
  async (_operation, _kind, _title, one) => {
    await runCase(endpoint, one);
  },
  foreign ? 120_000 : 20_000,
);

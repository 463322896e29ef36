import { matchRoute } from './routes.js';

const match = (method: string, path: string, query = '') => matchRoute(method, path, new URLSearchParams(query));

test.each([
  ['GET', '/2015-03-31/functions', 'ListFunctions'],
  ['GET', '/2015-03-31/functions/', 'ListFunctions'],
  ['GET', '/2016-08-19/account-settings/', 'GetAccountSettings'],
  ['POST', '/2014-11-13/functions/f/invoke-async/', 'InvokeAsync'],
  ['POST', '/2015-03-31/functions/f/invocations', 'Invoke'],
  ['PUT', '/2015-03-31/functions/f/aliases/live', 'UpdateAlias'],
])('%s %s is %s: older clients send trailing slashes', (method, path, name) => {
  expect(match(method, path)?.name).toBe(name);
});

test('names arrive percent-encoded', () => {
  expect(match('GET', '/2015-03-31/functions/f%3Alive')?.uri).toEqual({ FunctionName: 'f:live' });
  expect(
    match('GET', '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af')?.uri,
  ).toEqual({
    FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:f',
  });
});

test('a query member tells two operations on one path apart', () => {
  const path = '/2019-09-30/functions/f/provisioned-concurrency';
  expect(match('GET', path, 'List=ALL')?.name).toBe('ListProvisionedConcurrencyConfigs');
  expect(match('GET', path, 'Qualifier=1')?.name).toBe('GetProvisionedConcurrencyConfig');
});

test('a path of no operation matches nothing', () => {
  expect(match('GET', '/2015-03-31/nothing')).toBeUndefined();
  expect(match('PATCH', '/2015-03-31/functions')).toBeUndefined();
});

import { operations } from './model/index.js';
import { readInput } from './validate.js';

function read(operation: string, body: Record<string, unknown>, uri: Record<string, string> = {}, query = '') {
  const found = operations[operation];
  if (!found) throw new Error(`no ${operation}`);
  return readInput(found, { uri, query: new URLSearchParams(query), headers: {}, body });
}

const create = { FunctionName: 'f', Role: 'arn:aws:iam::000000000000:role/r', Code: {} };

test('blobs become bytes, nulls are absent, unknown members are dropped', () => {
  const input = read('CreateFunction', {
    ...create,
    Code: { ZipFile: 'aGk=', Other: 1 },
    Description: null,
    Nonsense: 1,
  });
  expect(input['Code']).toEqual({ ZipFile: Buffer.from('hi') });
  expect(input).not.toHaveProperty('Description');
  expect(input).not.toHaveProperty('Nonsense');
});

test('everything that is wrong is said at once', () => {
  expect(() => read('CreateFunction', { FunctionName: '*', Role: 'r' })).toThrow(
    /^3 validation errors detected: Value '\*' at 'functionName' .*; Value 'r' at 'role' .*; Value null at 'code' failed to satisfy constraint: Member must not be null$/,
  );
});

test.each<[string, Record<string, unknown>, string]>([
  [
    'a nested structure',
    { VpcConfig: { SubnetIds: ['nope'] } },
    "Value '[nope]' at 'vpcConfig.subnetIds' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: subnet-[0-9a-z]*, Member must not be null]",
  ],
  [
    'an empty list',
    { Architectures: [] },
    "Value '[]' at 'architectures' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
  [
    'a required nested member',
    { EphemeralStorage: {} },
    "Value null at 'ephemeralStorage.size' failed to satisfy constraint: Member must not be null",
  ],
  [
    'an enumeration',
    { SnapStart: { ApplyOn: 'Never' } },
    "Value 'Never' at 'snapStart.applyOn' failed to satisfy constraint: Member must satisfy enum value set: [PublishedVersions, None]",
  ],
  [
    'a secret value, unprinted',
    { Environment: { Variables: { '1x': 'secret' } } },
    "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]",
  ],
])('%s', (_what, change, says) => {
  expect(() => read('CreateFunction', { ...create, ...change })).toThrow(says);
});

test.each<[Record<string, unknown>, string]>([
  [{ Timeout: 'ten' }, 'STRING_VALUE can not be converted to an Integer'],
  [{ Description: 5 }, 'NUMBER_VALUE can not be converted to a String'],
  [{ Publish: 'yes' }, 'STRING_VALUE can not be converted to a Boolean'],
  [{ Layers: {} }, 'Expected list or null'],
  [{ Code: { ZipFile: '***' } }, 'Unable to decode'],
])('%o is of the wrong JSON type', (change, says) => {
  expect(() => read('CreateFunction', { ...create, ...change })).toThrow(says);
});

test('lists in the query are read as lists, numbers as numbers', () => {
  const Resource = 'arn:aws:lambda:us-east-1:000000000000:function:f';
  expect(read('UntagResource', {}, { Resource }, 'tagKeys=a&tagKeys=b')).toEqual({ Resource, TagKeys: ['a', 'b'] });
  expect(read('ListFunctions', {}, {}, 'MaxItems=5')).toEqual({ MaxItems: 5 });
  expect(() => read('ListFunctions', {}, {}, 'MaxItems=five')).toThrow('as an integer');
});

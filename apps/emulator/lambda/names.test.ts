import { readFunctionName, readUnqualifiedName } from './names.js';

const here = { account: '000000000000', region: 'us-east-1' };
const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';

test.each([
  ['f', undefined, 'f', undefined],
  ['f:live', undefined, 'f', 'live'],
  ['f', '7', 'f', '7'],
  ['function:f', undefined, 'f', undefined],
  ['000000000000:function:f', undefined, 'f', undefined],
  ['us-east-1:000000000000:f:1', undefined, 'f', '1'],
  [arn, undefined, 'f', undefined],
  [`${arn}:$LATEST`, '$LATEST', 'f', '$LATEST'],
  ['arn:aws:lambda:us-east-1:000000000000:function', undefined, 'function', undefined],
])('%s with qualifier %s', (written, parameter, name, qualifier) => {
  expect(readFunctionName(here, written, parameter)).toEqual({ name, qualifier });
});

test.each([
  [`${arn}:1`, '2', 'The derived qualifier from the function name does not match the specified qualifier.'],
  ['arn:aws:lambda:eu-west-1:000000000000:function:f', undefined, "Functions from 'eu-west-1' are not reachable"],
  ['arn:aws:lambda:us-east-1:999999999999:function:f', undefined, 'is not authorized to perform'],
])('%s with qualifier %s is refused', (written, parameter, says) => {
  expect(() => readFunctionName(here, written, parameter)).toThrow(says);
});

test('an operation on functions takes neither version nor alias, some take $LATEST', () => {
  expect(() => readUnqualifiedName(here, 'f:1')).toThrow('This operation is permitted on Lambda functions only.');
  expect(() => readUnqualifiedName(here, 'f:$LATEST')).toThrow('permitted on Lambda functions only');
  expect(readUnqualifiedName(here, 'f:$LATEST', true)).toBe('f');
});

test('other partitions have their own ARNs', () => {
  const china = { account: '000000000000', region: 'cn-north-1' };
  expect(readFunctionName(china, 'arn:aws-cn:lambda:cn-north-1:000000000000:function:f').name).toBe('f');
});

import { ANYTHING, accepts, type Case, refusal, refuses, success } from '../table.js';

const fn = { FunctionName: '{fn}' };
const gone = 'ResourceNotFoundException';
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

export const invokingCases: Case[] = [
  success('Invoke', 'the handler sees the event and its context, and its answer comes back', 'alias', [
    accepts(
      'Invoke',
      { ...fn, Payload: json({ a: 1 }) },
      {
        StatusCode: 200,
        ExecutedVersion: '$LATEST',
        'Payload.event': { a: 1 },
        'Payload.version': '$LATEST',
        'Payload.arn': '{arn}',
      },
      { lacks: ['FunctionError', 'LogResult'] },
    ),
    accepts(
      'Invoke',
      { ...fn, Qualifier: 'live' },
      { ExecutedVersion: '1', 'Payload.package': '1', 'Payload.arn': '{arn}:live', 'Payload.event': {} },
    ),
    accepts('Invoke', { FunctionName: '{fn}:2' }, { ExecutedVersion: '2', 'Payload.package': '2' }),
  ]),
  success('Invoke', 'a failing handler answers 200 with its error and FunctionError', 'function', [
    accepts(
      'Invoke',
      { ...fn, Payload: json({ fail: true }) },
      {
        StatusCode: 200,
        FunctionError: 'Unhandled',
        'Payload.errorType': 'TypeError',
        'Payload.errorMessage': 'asked to fail',
      },
    ),
  ]),
  success('Invoke', 'the tail of the log comes back when it is asked for', 'function', [
    accepts('Invoke', { ...fn, LogType: 'Tail' }, { LogResult: ANYTHING }),
  ]),
  success('Invoke', 'a dry run answers 204 and runs nothing', 'function', [
    accepts('Invoke', { ...fn, InvocationType: 'DryRun' }, { StatusCode: 204 }),
  ]),
  success('Invoke', 'an event is accepted at once', 'function', [
    accepts(
      'Invoke',
      { ...fn, InvocationType: 'Event', Payload: json({}) },
      { StatusCode: 202 },
      { lacks: ['ExecutedVersion', 'FunctionError'] },
    ),
  ]),
  refusal('Invoke', 'a payload that is not JSON', 'function', { ...fn, Payload: Buffer.from('{not json') }, [
    'InvalidRequestContentException',
    400,
    'Could not parse request body into json: Could not parse payload into json:',
  ]),
  {
    operation: 'Invoke',
    title: 'a function whose reserved concurrency is 0',
    kind: 'refusal',
    given: 'function',
    steps: [
      accepts('PutFunctionConcurrency', { ...fn, ReservedConcurrentExecutions: 0 }),
      { ...refuses('Invoke', fn, 'TooManyRequestsException', 429, 'Rate Exceeded.'), until: true },
    ],
  },
  refusal('Invoke', 'an unknown function', 'nothing', fn, [gone, 404, 'Function not found: {arn}']),
  refusal('Invoke', 'an unknown alias', 'function', { ...fn, Qualifier: 'nope' }, [
    gone,
    404,
    'Function not found: {arn}:nope',
  ]),
  refusal('Invoke', 'a malformed name', 'nothing', { FunctionName: 'a*b' }, [
    'ValidationException',
    400,
    "Value 'a*b' at 'functionName'",
  ]),
  refusal('Invoke', 'an unknown invocation type', 'function', { ...fn, InvocationType: 'Later' }, [
    'ValidationException',
    400,
    "Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set",
  ]),
  refusal('Invoke', 'more than 6 MB', 'function', { ...fn, Payload: Buffer.from(`"${'x'.repeat(6_291_456)}"`) }, [
    'RequestEntityTooLargeException',
    413,
    'Request must be smaller than 6291456 bytes for the InvokeFunction operation',
  ]),
  success('InvokeAsync', 'the oldest way to send an event still answers 202', 'function', [
    accepts('InvokeAsync', { ...fn, InvokeArgs: json({}) }, { Status: 202 }),
  ]),
  refusal('InvokeAsync', 'an unknown function', 'nothing', { ...fn, InvokeArgs: json({}) }, [
    gone,
    404,
    'Function not found: {arn}',
  ]),
  refusal('InvokeAsync', 'arguments that are not JSON', 'function', { ...fn, InvokeArgs: Buffer.from('nope') }, [
    'InvalidRequestContentException',
    400,
  ]),
];

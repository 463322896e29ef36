import { setTimeout as pause } from 'node:timers/promises';
import {
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { InvokeCommand, PutFunctionEventInvokeConfigCommand } from '@aws-sdk/client-lambda';
import { type CodeWorld, node, openCodeWorld } from '../../../test/conformance/code-world.js';

let world: CodeWorld;
beforeAll(async () => {
  world = await openCodeWorld();
});
afterAll(() => world.close());

const create: CodeWorld['create'] = (...args) => world.create(...args);
const invoke: CodeWorld['invoke'] = (...args) => world.invoke(...args);

test('an event is tried three times and then handed to the function on failure, and the result to the one on success', async () => {
  const arn = (name: string) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
  const sink = await create(
    node('exports.handler = async (event) => { console.log("SINK " + JSON.stringify(event)); }'),
  );
  const source = await create(
    node(
      'let tries = 0; exports.handler = async (event) => { tries += 1; if (event.fail) throw new Error("try " + tries); return "well"; }',
    ),
  );
  const DestinationConfig = { OnFailure: { Destination: arn(sink) }, OnSuccess: { Destination: arn(sink) } };
  await world.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: source, DestinationConfig }));
  const delivered = async (count: number) => {
    for (let i = 0; i < 200; i += 1) {
      const { events = [] } = await world.logs
        .send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${sink}`, filterPattern: 'SINK' }))
        .catch(() => ({ events: [] }));
      if (events.length >= count)
        return events.map((one) => JSON.parse(one.message?.split('SINK ')[1] ?? '{}') as Record<string, unknown>);
      await pause(25);
    }
    throw new Error('nothing was delivered');
  };
  const send = (event: unknown) =>
    world.lambda.send(
      new InvokeCommand({ FunctionName: source, InvocationType: 'Event', Payload: JSON.stringify(event) }),
    );
  expect((await send({ fail: true })).StatusCode).toBe(202);
  expect((await delivered(1))[0]).toMatchObject({
    requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3, functionArn: `${arn(source)}:$LATEST` },
    requestPayload: { fail: true },
    responseContext: { functionError: 'Unhandled' },
    responsePayload: { errorMessage: 'try 3' },
  });
  await send({});
  expect((await delivered(2))[1]).toMatchObject({ requestContext: { condition: 'Success' }, responsePayload: 'well' });
});

test('the log of a call is in a stream that names its version, in the order it was written', async () => {
  const fn = await create(
    node(
      'exports.handler = async () => { console.log("one"); console.error("two\\nlines"); process.stdout.write("three\\n"); }',
    ),
  );
  const { log } = await invoke(fn);
  const logGroupName = `/aws/lambda/${fn}`;
  const { logStreams = [] } = await world.logs.send(new DescribeLogStreamsCommand({ logGroupName }));
  expect(logStreams[0]?.logStreamName).toMatch(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/);
  const { events = [] } = await world.logs.send(
    new GetLogEventsCommand({ logGroupName, logStreamName: logStreams[0]?.logStreamName, startFromHead: true }),
  );
  const text = events.map((one) => one.message).join('');
  expect(text).toBe(log);
  expect(text).toMatch(
    /INIT_START.*START RequestId: .*INFO\tone\n.*ERROR\ttwo\rlines\nthree\nEND RequestId: .*REPORT RequestId: /s,
  );
});

test('with JSON logs every call ends in a platform.report record that a filter finds', async () => {
  const fn = await create(
    node(
      'exports.handler = async (e) => { console.debug("hidden"); console.log({ a: 1 }); if (e.fail) throw new Error("bad"); }',
    ),
    { LoggingConfig: { LogFormat: 'JSON' } },
  );
  await invoke(fn);
  await invoke(fn, { fail: true });
  const logGroupName = `/aws/lambda/${fn}`;
  const filter = async (filterPattern: string) => {
    const { events = [] } = await world.logs.send(new FilterLogEventsCommand({ logGroupName, filterPattern }));
    return events.map((one) => JSON.parse(one.message ?? '{}') as Record<string, unknown>);
  };
  expect(await filter('{ $.type = "platform.report" }')).toMatchObject([
    { record: { status: 'success', metrics: { memorySizeMB: 128 } } },
    { record: { status: 'error', errorType: 'Error' } },
  ]);
  expect(await filter('{ $.type = "platform.report" && $.record.status = "error" }')).toHaveLength(1);
  expect(await filter('{ $.level = "INFO" }')).toMatchObject([{ message: { a: 1 } }, { message: { a: 1 } }]);
  expect(await filter('hidden')).toEqual([]);
});

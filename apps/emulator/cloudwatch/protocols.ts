import { cbor, dateToTag } from '@smithy/core/cbor';
import type { HttpReply, HttpRequest } from '../wire/http.js';
import type { MonitoringError } from './errors.js';
import type { Input } from './input.js';

/**
 * CloudWatch is spoken in three ways: Smithy RPC v2 with CBOR, AWS JSON, and the older query protocol with XML.
 * CloudWatch Logs and STS need JSON and query only. Operations themselves see plain objects, with `Date` for moments.
 */
export interface Request {
  service: string;
  operation: string;
  input: Input;
  codec: Codec;
}

interface Codec {
  encode(operation: string, output: unknown, requestId: string): HttpReply;
  fail(error: MonitoringError, requestId: string): HttpReply;
}

const RPC = /^\/service\/([A-Za-z0-9]+)\/operation\/([A-Za-z]+)$/;

/** Recognises a request to one of the services beside Lambda, whichever protocol it came in. */
export function readRequest(request: HttpRequest): Request | undefined {
  const [, rpcService, rpcOperation] = RPC.exec(request.path) ?? [];
  if (rpcService && rpcOperation) {
    const input = request.body.length > 0 ? (cbor.deserialize(request.body) as Input) : {};
    return { service: rpcService, operation: rpcOperation, input, codec: cborCodec };
  }
  const target = request.headers['x-amz-target'];
  if (target !== undefined) {
    const [service = '', operation = ''] = target.split('.');
    const version = request.headers['content-type']?.includes('1.1') ? '1.1' : '1.0';
    const input = request.body.length > 0 ? (JSON.parse(request.body.toString('utf8')) as Input) : {};
    return { service, operation, input, codec: jsonCodec(version) };
  }
  if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) {
    const form = new URLSearchParams(request.body.toString('utf8'));
    const version = form.get('Version') ?? '';
    return {
      service: version,
      operation: form.get('Action') ?? '',
      input: unflatten(form),
      codec: queryCodec(NAMESPACES[version] ?? NAMESPACES['2010-08-01'] ?? ''),
    };
  }
  return undefined;
}

const NAMESPACES: Record<string, string> = {
  '2010-08-01': 'http://monitoring.amazonaws.com/doc/2010-08-01/',
  '2011-06-15': 'https://sts.amazonaws.com/doc/2011-06-15/',
};

/** `Queries.member.1.Id=m1` becomes `{ Queries: [{ Id: 'm1' }] }`. */
function unflatten(form: URLSearchParams): Input {
  const root: Input = {};
  for (const [name, value] of form) {
    const path = name.split('.').filter((part) => part !== 'member');
    let node = root;
    path.forEach((part, index) => {
      if (index === path.length - 1) node[part] = value;
      else {
        node[part] ??= {};
        node = node[part] as Input;
      }
    });
  }
  return listed(root) as Input;
}

/** Objects whose keys are 1, 2, 3, ... are lists. */
function listed(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, member]) => [key, listed(member)] as const);
  if (entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key)))
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, member]) => member);
  return Object.fromEntries(entries);
}

function mapDates(value: unknown, convert: (date: Date) => unknown): unknown {
  if (value instanceof Date) return convert(value);
  if (Array.isArray(value)) return value.map((member) => mapDates(member, convert));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, mapDates(member, convert)]),
  );
}

const cborCodec: Codec = {
  encode: (_operation, output, requestId) => cborReply(200, output, requestId),
  fail: (error, requestId) =>
    cborReply(error.status, { __type: `com.amazonaws.cloudwatch#${error.code}`, message: error.message }, requestId, {
      'x-amzn-query-error': `${error.code};Sender`,
    }),
};

function cborReply(
  status: number,
  output: unknown,
  requestId: string,
  headers: Record<string, string> = {},
): HttpReply {
  const body = Buffer.from(cbor.serialize(mapDates(output ?? {}, dateToTag)));
  return {
    status,
    headers: {
      'Content-Type': 'application/cbor',
      'smithy-protocol': 'rpc-v2-cbor',
      'x-amzn-RequestId': requestId,
      ...headers,
    },
    body,
  };
}

function jsonCodec(version: string): Codec {
  const reply = (
    status: number,
    output: unknown,
    requestId: string,
    headers: Record<string, string> = {},
  ): HttpReply => ({
    status,
    headers: { 'Content-Type': `application/x-amz-json-${version}`, 'x-amzn-RequestId': requestId, ...headers },
    body: JSON.stringify(mapDates(output ?? {}, (date) => date.getTime() / 1000)),
  });
  return {
    encode: (_operation, output, requestId) => reply(200, output, requestId),
    fail: (error, requestId) =>
      reply(error.status, { __type: error.code, message: error.message }, requestId, {
        'x-amzn-ErrorType': error.code,
        'x-amzn-query-error': `${error.code};Sender`,
      }),
  };
}

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

function xml(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((member) => `<member>${xml(member)}</member>`).join('');
  if (typeof value === 'object')
    return Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => `<${key}>${xml(member)}</${key}>`)
      .join('');
  return escaped(String(value));
}

function queryCodec(namespace: string): Codec {
  const headers = { 'Content-Type': 'text/xml' };
  return {
    encode: (operation, output, requestId) => ({
      status: 200,
      headers: { ...headers, 'x-amzn-RequestId': requestId },
      body: `<${operation}Response xmlns="${namespace}"><${operation}Result>${xml(output)}</${operation}Result><ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${operation}Response>`,
    }),
    fail: (error, requestId) => ({
      status: error.status,
      headers: { ...headers, 'x-amzn-RequestId': requestId },
      body: `<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type><Code>${escaped(error.code)}</Code><Message>${escaped(error.message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`,
    }),
  };
}

/**
 * The program that runs Node handlers: it speaks the Lambda Runtime API, like any runtime's client, and is written to
 * a file and started once per environment. It is kept as text because it runs in another process, from plain
 * JavaScript, whatever the emulator itself was loaded from.
 */
export const nodeBootstrap = String.raw`
import net from 'node:net';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import util from 'node:util';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const base = '/2018-06-01/runtime';
const jsonLogs = process.env.AWS_LAMBDA_LOG_FORMAT === 'JSON';
const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const least = jsonLogs ? LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL || 'INFO') : 0;
let current;
let written = 0;

const rawWrite = process.stdout.write.bind(process.stdout);
for (const stream of [process.stdout, process.stderr])
  stream.write = (chunk, encoding, done) => {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8') : chunk;
    written += bytes.length;
    return rawWrite(bytes, typeof encoding === 'function' ? encoding : done);
  };

function log(level, args) {
  if (LEVELS.indexOf(level) < least) return;
  const time = new Date().toISOString();
  const id = current ? current.id : undefined;
  if (jsonLogs) {
    const message = args.length === 1 && typeof args[0] !== 'object' ? args[0] : args.length === 1 ? plain(args[0]) : util.format(...args);
    process.stdout.write(JSON.stringify({ timestamp: time, level, requestId: id, message }) + '\n');
  } else process.stdout.write((time + '\t' + id + '\t' + level + '\t' + util.format(...args)).replace(/\n/g, '\r') + '\n');
}
const plain = (value) => (value instanceof Error ? describe(value) : value);
for (const [method, level] of [['trace', 'TRACE'], ['debug', 'DEBUG'], ['log', 'INFO'], ['info', 'INFO'], ['warn', 'WARN'], ['error', 'ERROR']])
  console[method] = (...args) => log(level, args);

// Paths as they are at AWS, whatever folder the code was unpacked into here.
const asDeployed = (text) => text.replaceAll(process.env.LAMBDA_TASK_ROOT, '/var/task').replaceAll(process.env.LAMBDA_RUNTIME_DIR, '/var/runtime');

function describe(error, type) {
  if (error instanceof Error || (error && typeof error === 'object' && 'stack' in error))
    return { errorType: type || error.name || 'Error', errorMessage: asDeployed(String(error.message)), trace: asDeployed(String(error.stack || '')).split('\n') };
  return { errorType: type || typeof error, errorMessage: typeof error === 'string' ? error : util.format(error), trace: [] };
}


// The Runtime API needs two exchanges per invocation, one after the other on one connection: this client writes the
// answer and the question for the next job together, and costs a fraction of a general one.
const socket = net.connect({ host, port: Number(port), noDelay: true });
const waiting = [];
let pending = Buffer.alloc(0);
const hangUp = () => { for (const one of waiting.splice(0)) one.reject(new Error('The runtime API has gone')); };
socket.on('error', hangUp);
socket.on('close', hangUp);
socket.on('data', (chunk) => {
  pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
  for (;;) {
    const end = pending.indexOf('\r\n\r\n');
    if (end < 0) return;
    const headers = {};
    for (const line of pending.toString('latin1', 0, end).split('\r\n').slice(1)) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const start = end + 4;
    const stop = start + Number(headers['content-length'] || 0);
    if (pending.length < stop) return;
    const body = pending.subarray(start, stop);
    pending = pending.subarray(stop);
    waiting.shift()?.resolve({ headers, body });
  }
});

function requestText(method, target, headers, length) {
  let text = method + ' ' + base + target + ' HTTP/1.1\r\nhost: ' + host + '\r\ncontent-length: ' + length + '\r\nsluice-log-bytes: ' + written + '\r\n';
  for (const name in headers) text += name + ': ' + headers[name] + '\r\n';
  return text + '\r\n';
}

function exchange(method, target, headers = {}, body = '') {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const answered = new Promise((resolve, reject) => waiting.push({ resolve, reject }));
  socket.write(Buffer.concat([Buffer.from(requestText(method, target, headers, bytes.length)), bytes]));
  return answered;
}

// The next question follows at once: the receipt may come with its answer.
const PIPELINED = { 'sluice-pipelined': 'yes' };
const JSON_TYPE = { 'content-type': 'application/json' };
const post = (target, body, headers) => exchange('POST', target, { ...JSON_TYPE, ...headers }, body);
const postError = (target, problem, more) => post(target, JSON.stringify(problem), { 'lambda-runtime-function-error-type': problem.errorType, ...more });

class RuntimeProblem extends Error {
  constructor(name, message) { super(message); this.name = name; }
}

const STREAMED = Symbol('streamed');
globalThis.awslambda = {
  streamifyResponse: (handler) => Object.assign((...args) => handler(...args), { [STREAMED]: true }),
  HttpResponseStream: {
    from(stream, metadata) {
      stream.contentType = 'application/vnd.awslambda.http-integration-response';
      stream.write(JSON.stringify(metadata));
      stream.write(Buffer.alloc(8));
      return stream;
    },
  },
};

async function load() {
  const root = process.env.LAMBDA_TASK_ROOT;
  const handler = process.env._HANDLER;
  const folder = path.dirname(handler);
  const [file, ...names] = path.basename(handler).split('.');
  if (names.length === 0) throw new RuntimeProblem('Runtime.MalformedHandlerName', 'Bad handler');
  const stem = path.resolve(root, folder, file);
  const found = ['', '.js', '.mjs', '.cjs'].map((end) => stem + end).find((name) => existsSync(name) && path.extname(name) !== '');
  let module;
  try {
    if (!found) module = createRequire(path.join(root, 'noop.js'))(stem);
    else if (found.endsWith('.mjs') || (found.endsWith('.js') && isModule(root, found))) module = await import(pathToFileURL(found).href);
    else module = createRequire(found)(found);
  } catch (error) {
    if (error instanceof SyntaxError) throw Object.assign(error, { name: 'Runtime.UserCodeSyntaxError', message: 'SyntaxError: ' + error.message });
    if (error && (error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND'))
      throw Object.assign(error, { name: 'Runtime.ImportModuleError', message: 'Error: ' + error.message.replace(stem, file) });
    throw error;
  }
  const pick = (from) => names.reduce((value, name) => (value == null ? undefined : value[name]), from);
  const value = pick(module) ?? pick(module.default);
  if (value === undefined) throw new RuntimeProblem('Runtime.HandlerNotFound', handler + ' is undefined or not exported');
  if (typeof value !== 'function') throw new RuntimeProblem('Runtime.HandlerNotFound', handler + ' is not a function');
  return value;
}

function isModule(root, file) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (existsSync(manifest)) { try { return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module'; } catch { return false; } }
    if (folder === root || folder === path.dirname(folder)) return false;
  }
}

function contextOf(invocation, settle) {
  const env = process.env;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    awsRequestId: invocation.id,
    invokedFunctionArn: invocation.arn,
    clientContext: invocation.clientContext,
    getRemainingTimeInMillis: () => Math.max(0, invocation.deadline - Date.now()),
    done: (error, value) => settle(error, value),
    succeed: (value) => settle(null, value),
    fail: (error) => settle(error ?? 'handled'),
  };
}

function runStreamed(handler, event, invocation) {
  const chunks = [];
  return new Promise((resolve, reject) => {
    const stream = new Writable({ write(chunk, _encoding, done) { chunks.push(Buffer.from(chunk)); done(); } });
    stream.setContentType = (type) => { stream.contentType = type; };
    stream.on('finish', () => resolve(Buffer.concat(chunks)));
    stream.on('error', reject);
    Promise.resolve(handler(event, stream, contextOf(invocation, () => undefined))).catch(reject);
  });
}

function run(handler, event, invocation) {
  if (handler[STREAMED]) return runStreamed(handler, event, invocation);
  return new Promise((resolve, reject) => {
    const settle = (error, value) => (error == null ? resolve(value) : reject(error));
    invocation.giveUp = () => resolve(null);
    const result = handler(event, contextOf(invocation, settle), settle);
    if (result && typeof result.then === 'function') result.then(resolve, reject);
    else if (result !== undefined && handler.length < 3) resolve(result);
  });
}

async function answer(handler, { headers, body }) {
  const clientContext = headers['lambda-runtime-client-context'];
  const invocation = {
    id: headers['lambda-runtime-aws-request-id'],
    arn: headers['lambda-runtime-invoked-function-arn'],
    deadline: Number(headers['lambda-runtime-deadline-ms']),
    clientContext: clientContext ? JSON.parse(clientContext) : undefined,
  };
  process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'] ?? '';
  current = invocation;
  try {
    const value = await run(handler, JSON.parse(body.toString('utf8')), invocation);
    const result = Buffer.isBuffer(value) && handler[STREAMED] ? value : (JSON.stringify(value === undefined ? null : value) ?? 'null');
    socket.cork();
    post('/invocation/' + invocation.id + '/response', result, handler[STREAMED] ? { ...PIPELINED, 'lambda-runtime-function-response-mode': 'streaming' } : PIPELINED).catch(() => undefined);
  } catch (error) {
    const problem = describe(error);
    const shown = { errorType: problem.errorType, errorMessage: problem.errorMessage, stack: problem.trace };
    if (jsonLogs) log('ERROR', [shown]);
    else log('ERROR', ['Invoke Error \t' + JSON.stringify(shown)]);
    socket.cork();
    postError('/invocation/' + invocation.id + '/error', problem, PIPELINED).catch(() => undefined);
  }
  current = undefined;
}

function lastWords(type) {
  return async (error) => {
    const problem = describe(error, type);
    socket.ref();
    try {
      if (current) await postError('/invocation/' + current.id + '/error', problem, { 'sluice-exiting': 'yes' });
      else await postError('/init/error', problem);
    } finally { process.exit(129); }
  };
}
process.on('uncaughtException', lastWords());
process.on('unhandledRejection', (reason) => lastWords('Runtime.UnhandledPromiseRejection')(Object.assign(new Error(reason instanceof Error ? reason.name + ': ' + reason.message : String(reason)), { stack: reason && reason.stack })));
process.on('beforeExit', () => current && current.giveUp && current.giveUp());

let handler;
try { handler = await load(); } catch (error) {
  const problem = describe(error);
  log('ERROR', ['Uncaught Exception \t' + JSON.stringify({ errorType: problem.errorType, errorMessage: problem.errorMessage, stack: problem.trace })]);
  await postError('/init/error', problem).catch(() => undefined);
  process.exit(1);
}
for (;;) {
  let next;
  // The emulator going away ends the environment; it has nobody left to work for.
  try {
    const asked = exchange('GET', '/invocation/next');
    socket.uncork();
    socket.ref();
    next = await asked;
  } catch { process.exit(0); }
  // While code runs only its own work keeps the process awake: an idle event loop then means that it will never answer.
  socket.unref();
  await answer(handler, next);
}
`;

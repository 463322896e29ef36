/** The program that runs Python handlers through the Lambda Runtime API; see node-bootstrap.ts for why it is text. */
export const pythonBootstrap = String.raw`
import http.client, importlib, io, json, logging, os, sys, time, traceback

api = os.environ['AWS_LAMBDA_RUNTIME_API']
BASE = '/2018-06-01/runtime'
JSON_LOGS = os.environ.get('AWS_LAMBDA_LOG_FORMAT') == 'JSON'
written = 0
request_id = None

class Out(io.TextIOBase):
    def write(self, text):
        global written
        data = text.encode('utf-8', 'replace')
        written += len(data)
        while data:
            data = data[os.write(1, data):]
        return len(text)
    def flush(self):
        pass

sys.stdout = sys.stderr = Out()

class LogHandler(logging.Handler):
    def emit(self, record):
        stamp = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))
        if JSON_LOGS:
            sys.stdout.write(json.dumps({'timestamp': stamp + 'Z', 'level': record.levelname, 'message': record.getMessage(), 'logger': record.name, 'requestId': request_id}) + '\n')
        else:
            sys.stdout.write('[%s]\t%s.%03dZ\t%s\t%s\n' % (record.levelname, stamp, record.msecs, request_id or '', record.getMessage()))

logging.getLogger().addHandler(LogHandler())
if JSON_LOGS:
    logging.getLogger().setLevel(os.environ.get('AWS_LAMBDA_LOG_LEVEL', 'INFO').replace('TRACE', 'DEBUG').replace('FATAL', 'CRITICAL'))

connection = http.client.HTTPConnection(api)

def exchange(method, target, body=None, headers=None):
    sent = {'sluice-log-bytes': str(written)}
    sent.update(headers or {})
    connection.request(method, BASE + target, body, sent)
    response = connection.getresponse()
    return response.headers, response.read()

def problem_of(error, frames):
    return {'errorMessage': str(error), 'errorType': type(error).__name__, 'requestId': request_id or '', 'stackTrace': [line.replace(os.environ['LAMBDA_TASK_ROOT'], '/var/task') for line in traceback.format_list(frames)]}

def post_error(target, problem):
    exchange('POST', target, json.dumps(problem).encode(), {'lambda-runtime-function-error-type': problem['errorType'], 'content-type': 'application/json'})

def load():
    name = os.environ['_HANDLER']
    if '.' not in name:
        return None, {'errorType': 'Runtime.MalformedHandlerName', 'errorMessage': "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name, 'requestId': '', 'stackTrace': []}
    module_name, attribute = name.rsplit('.', 1)
    sys.path.insert(0, os.environ['LAMBDA_TASK_ROOT'])
    try:
        module = importlib.import_module(module_name.replace('/', '.'))
    except ImportError as error:
        return None, {'errorType': 'Runtime.ImportModuleError', 'errorMessage': "Unable to import module '%s': %s" % (module_name, error), 'requestId': '', 'stackTrace': []}
    except SyntaxError as error:
        return None, {'errorType': 'Runtime.UserCodeSyntaxError', 'errorMessage': "Syntax error in module '%s': %s" % (module_name, error), 'requestId': '', 'stackTrace': ['  File "%s" Line %s\n    %s\n' % (error.filename, error.lineno, (error.text or '').strip())]}
    if not hasattr(module, attribute):
        return None, {'errorType': 'Runtime.HandlerNotFound', 'errorMessage': "Handler '%s' missing on module '%s'" % (attribute, module_name), 'requestId': '', 'stackTrace': []}
    return getattr(module, attribute), None

class Context:
    def __init__(self, headers):
        env = os.environ
        self.function_name = env['AWS_LAMBDA_FUNCTION_NAME']
        self.function_version = env['AWS_LAMBDA_FUNCTION_VERSION']
        self.memory_limit_in_mb = env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE']
        self.log_group_name = env['AWS_LAMBDA_LOG_GROUP_NAME']
        self.log_stream_name = env['AWS_LAMBDA_LOG_STREAM_NAME']
        self.aws_request_id = headers['lambda-runtime-aws-request-id']
        self.invoked_function_arn = headers['lambda-runtime-invoked-function-arn']
        self.client_context = json.loads(headers['lambda-runtime-client-context']) if headers.get('lambda-runtime-client-context') else None
        self.identity = None
        self._deadline = int(headers['lambda-runtime-deadline-ms'])
    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

try:
    handler, problem = load()
except Exception as error:
    handler, problem = None, problem_of(error, traceback.extract_tb(error.__traceback__)[1:])
if problem:
    sys.stdout.write('[ERROR] %s: %s\n' % (problem['errorType'], problem['errorMessage']))
    post_error('/init/error', problem)
    sys.exit(1)

while True:
    try:
        headers, body = exchange('GET', '/invocation/next')
    except (OSError, http.client.HTTPException):
        os._exit(0)
    request_id = headers['lambda-runtime-aws-request-id']
    os.environ['_X_AMZN_TRACE_ID'] = headers.get('lambda-runtime-trace-id') or ''
    try:
        value = handler(json.loads(body), Context(headers))
        try:
            result = json.dumps(value, ensure_ascii=False).encode()
        except (TypeError, ValueError) as error:
            raise RuntimeError('Unable to marshal response: %s' % error) from None
        exchange('POST', '/invocation/%s/response' % request_id, result, {'content-type': 'application/json'})
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__]
        problem = problem_of(error, frames)
        sys.stdout.write('[ERROR] %s: %s\rTraceback (most recent call last):\r%s\n' % (problem['errorType'], problem['errorMessage'], ''.join(problem['stackTrace']).replace('\n', '\r')))
        post_error('/invocation/%s/error' % request_id, problem)
    request_id = None
`;

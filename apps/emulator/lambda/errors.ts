/** A refusal or fault in the words of the service: what the caller of the API sees. */
export class ServiceError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    /** How the body spells the text: AWS's model uses `message` for most errors and `Message` for some. */
    readonly messageKey: 'message' | 'Message' = 'message',
    readonly members: Record<string, unknown> = { Type: 'User' },
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

export const invalidParameter = (message: string) => new ServiceError('InvalidParameterValueException', message, 400);

export const notFound = (message: string) => new ServiceError('ResourceNotFoundException', message, 404, 'Message');

export const conflict = (message: string) => new ServiceError('ResourceConflictException', message, 409);

export const preconditionFailed = (read: string) =>
  new ServiceError(
    'PreconditionFailedException',
    `The Revision Id provided does not match the latest Revision Id. Call the ${read} API to retrieve the latest Revision Id`,
    412,
  );

export const invalidContent = (message: string) => new ServiceError('InvalidRequestContentException', message, 400);

export const tooLarge = (message: string) =>
  new ServiceError('RequestEntityTooLargeException', message, 413, 'message', { Type: 'User' });

/** Throttling: `reason` says which limit was hit, as the model's ThrottleReason spells it. */
export const tooManyRequests = (message: string, reason: string, retryAfterSeconds?: number) =>
  new ServiceError(
    'TooManyRequestsException',
    message,
    429,
    'message',
    { Reason: reason, Type: 'User' },
    retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) },
  );

/** What an identity policy or a token's end answers: before the service itself sees the request, so without `Type`. */
export const denied = (
  code = 'AccessDeniedException',
  message = 'User is not authorized to perform this action: an injected fault.',
) => new ServiceError(code, message, 403, code === 'AccessDeniedException' ? 'Message' : 'message', {});

export const serviceFault = (message: string, status = 500) =>
  new ServiceError(status === 503 ? 'ServiceUnavailableException' : 'ServiceException', message, status, 'Message', {
    Type: 'Service',
  });

/** Constraint violations carry no `Type`: they are refused before the service itself sees the request. */
export const validationFailed = (problems: string[]) =>
  new ServiceError(
    'ValidationException',
    `${problems.length} validation error${problems.length === 1 ? '' : 's'} detected: ${problems.join('; ')}`,
    400,
    'message',
    {},
  );

export const serialization = (message: string) =>
  new ServiceError('SerializationException', message, 400, 'Message', { Type: 'User' });

export const accessDenied = (message: string) => new ServiceError('AccessDeniedException', message, 403, 'Message', {});

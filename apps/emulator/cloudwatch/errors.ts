/** A refusal of CloudWatch or CloudWatch Logs. */
export class MonitoringError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 400,
  ) {
    super(message);
  }
}

export const refused = (code: string, message: string, status = 400) => new MonitoringError(code, message, status);

/** One function in one account and region. The name is the bare function name, never an ARN. */
export interface FunctionAddress {
  readonly accountId: string;
  readonly region: string;
  readonly functionName: string;
}

/** How long a call may take, everything included (credentials, connection, answer), and who may cut it short. */
export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

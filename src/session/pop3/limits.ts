export interface Pop3Limits {
  /** How long a client may take to log in, all in all. */
  readonly loginTimeoutMs: number;
  /** How long it may say nothing afterwards. RFC 1939 section 3: at least ten minutes. */
  readonly idleTimeoutMs: number;
  /** Commands that failed for their syntax before the connection is closed. */
  readonly errors: number;
  /** Wrong passwords before the connection is closed. */
  readonly loginFailures: number;
}

export const defaultPop3Limits: Pop3Limits = {
  loginTimeoutMs: 3 * 60_000,
  idleTimeoutMs: 10 * 60_000,
  errors: 20,
  loginFailures: 3,
};

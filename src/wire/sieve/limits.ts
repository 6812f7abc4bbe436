/** What one script may be. */
export interface SieveLimits {
  /** Bytes of UTF-8. */
  readonly scriptBytes: number;
  /** Blocks, and tests within tests, in each other: RFC 5228 section 2.10.5 asks for 15 of each. */
  readonly nesting: number;
  /** Commands, tests and arguments together; so many are compiled in less than 10 ms, and on the main thread. */
  readonly nodes: number;
}

export const defaultSieveLimits: SieveLimits = {
  scriptBytes: 256 * 1024,
  nesting: 32,
  nodes: 6_000,
};

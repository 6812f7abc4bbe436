/**
 * How much of a message is understood. Past a limit the rest is kept as it is but not taken apart; nothing fails.
 * Not in the configuration: what a message was understood as is kept with it, and must not change with a restart.
 */
export interface MimeLimits {
  /** Parts of a message, messages within it included; what follows belongs to the last part. */
  readonly parts: number;
  /** How deep parts may be nested; a deeper multipart or message is shown as application/octet-stream. */
  readonly depth: number;
  /** Bytes of one header that are read; fields behind them are not seen. */
  readonly headerBytes: number;
  /** Bytes of all headers together that are read. */
  readonly allHeaderBytes: number;
  /** Parameters of one field. */
  readonly parameters: number;
  /** Addresses in all envelopes together. */
  readonly addresses: number;
}

export const defaultMimeLimits: MimeLimits = {
  parts: 1000,
  depth: 50,
  headerBytes: 128 * 1024,
  allHeaderBytes: 256 * 1024,
  parameters: 100,
  addresses: 2000,
};

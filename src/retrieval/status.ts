import type { SourceSpec } from "./source.ts";

/** How a source does, for people. */
export interface SourceStatus {
  readonly account: string;
  readonly source: string;
  readonly protocol: SourceSpec["protocol"];
  readonly host: string;
  readonly user: string;
  readonly state: SourceState;
  /** When it was last looked at without trouble; null since the server's start. */
  readonly lastSuccessAt: number | null;
  /** In plain words; null when all was well. */
  readonly problem: string | null;
  /** When it is looked at again; null while it is. */
  readonly nextAt: number | null;
  /** Since the server's start. */
  readonly fetched: number;
  readonly deleted: number;
  /** What the last look passed over: too large, refused, or broken. */
  readonly left: number;
}

export type SourceState =
  /** For its time, or for others to be done. */
  | "waiting"
  | "fetching"
  /** Connected, and told of new mail at once. */
  | "listening"
  /** The password was refused. */
  | "refused"
  /** There is no password yet. */
  | "no-secret"
  | "failing";

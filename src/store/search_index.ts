/** The face of the full-text index towards the operator; searches use it unseen. */
export interface SearchIndexPort {
  status(): SearchIndexStatus;
  /** Throws the index away; it is built anew in the background. Resolves when the old one is gone. */
  rebuild(): Promise<void>;
}

export interface SearchIndexStatus {
  /** `checking` right after the start, `behind` while there is mail that is not in it yet; `off` where there is none. */
  readonly state: "off" | "checking" | "behind" | "ready" | "failed";
  /** Messages in it. */
  readonly indexed: number;
  /** Messages, about, that are not in it yet; searches read these. */
  readonly unindexed: number;
  readonly bytes: number;
  /** What went wrong last; null when all is well. */
  readonly problem: string | null;
}

export const NO_INDEX: SearchIndexStatus = {
  state: "off",
  indexed: 0,
  unindexed: 0,
  bytes: 0,
  problem: null,
};

/** What a worker is asked for and what it answers, for the tables in `protocol.ts` and `reads.ts`. */
export interface Call<Args, Result> {
  readonly args: Args;
  readonly result: Result;
}

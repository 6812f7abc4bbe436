import { defaultSieveLimits, type SieveLimits } from "../../wire/sieve/mod.ts";
import { defaultSieveRunLimits, type SieveRunLimits } from "../sieve/mod.ts";

/** What the scripts of one account may be and do. */
export interface FilterLimits {
  readonly scripts: number;
  /** All scripts of an account together. */
  readonly scriptsBytes: number;
  /** Messages that an account's scripts send on, and notices that they send, in 24 hours. */
  readonly sentPerDay: number;
  /** Compiled scripts that are kept. */
  readonly compiled: number;
}

export const defaultFilterLimits: FilterLimits = {
  scripts: 50,
  scriptsBytes: 1024 * 1024,
  sentPerDay: 500,
  compiled: 1000,
};

export interface FilterSettings {
  readonly filter: FilterLimits;
  readonly compile: SieveLimits;
  readonly run: SieveRunLimits;
}

export const defaultFilterSettings: FilterSettings = {
  filter: defaultFilterLimits,
  compile: defaultSieveLimits,
  run: defaultSieveRunLimits,
};

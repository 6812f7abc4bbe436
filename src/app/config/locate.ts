import { resolve } from "node:path";
import { ConfigError } from "./errors.ts";

/** Where the configuration comes from. Both are files; the trial's is made by `serve`, and its ports may move. */
export interface ConfigSource {
  readonly kind: "file" | "trial";
  /** Absolute. */
  readonly path: string;
}

export interface ConfigPlaces {
  /** Looked at in this order when no file is named. */
  readonly files: readonly string[];
  /** The file of the local trial. */
  readonly trial: string;
}

export const defaultPlaces: ConfigPlaces = {
  files: ["/etc/mailden/mailden.yaml", "./mailden.yaml"],
  trial: "./mailden-data/trial.yaml",
};

/**
 * The file that was named, else the first default that is there, else the trial. A file that is there but cannot be
 * looked at is an error: to start a trial instead would be a surprise.
 */
export async function locateConfig(named: string | undefined, places: ConfigPlaces): Promise<ConfigSource> {
  if (named !== undefined) return { kind: "file", path: resolve(named) };
  for (const file of places.files) {
    if (await exists(file)) return { kind: "file", path: resolve(file) };
  }
  return { kind: "trial", path: resolve(places.trial) };
}

/** As `locateConfig`, for commands that make no trial: throws `ConfigError` when there is none yet. */
export async function locateExistingConfig(
  named: string | undefined,
  places: ConfigPlaces,
): Promise<ConfigSource> {
  const source = await locateConfig(named, places);
  if (source.kind === "file" || await exists(source.path)) return source;
  const message = `There is no configuration; make ${
    places.files.join(" or ")
  }, or name one with --config FILE`;
  throw new ConfigError("mailden", [{ line: 0, column: 0, key: null, message }]);
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return false;
    throw error;
  }
}

/**
 * What the program is allowed in tests, benchmarks and the smoke test: the net, its own data folder, the few files it
 * reads besides, and nothing else. `deno task start`, `mailden` and `build` in deno.json and .ci/build.ts give the same, with
 * wider paths where the operator chooses them.
 */

/** Environment variables: npm:yaml looks at these two and at no other. */
export const ALLOWED_ENV = ["LOG_STREAM", "LOG_TOKENS"] as const;

export interface PermissionPaths {
  /** May be read and written. */
  readonly data: readonly string[];
  /** May be read: the configuration, certificates, and the program's own source for its workers. */
  readonly read: readonly string[];
}

/** Flags for `deno run`. */
export function permissionFlags(paths: PermissionPaths): string[] {
  return [
    "--no-prompt",
    "--allow-net",
    `--allow-read=${[...paths.data, ...paths.read, "/etc/resolv.conf"].join(",")}`,
    `--allow-write=${paths.data.join(",")}`,
    `--allow-env=${ALLOWED_ENV.join(",")}`,
  ];
}
